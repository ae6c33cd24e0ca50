-- Read the results of sends.
--
-- ARGV members of an account's attempts: {verification id}:{send}
-- Result, JSON: now, and found: of each that has not ended yet {its place in ARGV, the fields of its
--        verification and of its send that are named below, and its delivery attempts}
--
-- Uses: time
local MOST_ATTEMPTS = 8
local VERIFICATION = {'app', 'status', 'to', 'tag', 'country', 'code_length', 'expires', 'sends'}
local SEND = {'status', 'channel', 'locale', 'reason', 'asked', 'attempts'}

local function read(key, names)
  local fields = {}
  local values = redis.pcall('HMGET', key, unpack(names))
  for i, value in ipairs(values.err and {} or values) do
    fields[names[i]] = value or nil
  end
  return fields
end

local found = {}
for place, member in ipairs(ARGV) do
  local id = string.match(member, '^(VE%x+):%d+$') or ''
  local verification = read('otp:verification:' .. id, VERIFICATION)
  local send = read('otp:send:' .. member, SEND)
  if verification.app and send.channel then
    for attempt = 1, math.min(tonumber(send.attempts) or 0, MOST_ATTEMPTS) do
      local name = 'attempt:' .. attempt
      send[name] = redis.call('HGET', 'otp:send:' .. member, name) or nil
    end
    table.insert(found, {place, verification, send})
  end
end
return cjson.encode({now = now_ms(), found = found})
