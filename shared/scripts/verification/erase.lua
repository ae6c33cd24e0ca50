-- Remove all that is known of a recipient. What is queued comes to nothing: a worker that finds no
-- send has nothing to do.
--
-- KEYS 1 due   2 phone   3... counts of limits
-- ARGV 1... the recipient's tags, one per app, and the one on the safe list
-- Result, JSON: how many of each were removed: verifications, sends, counters
--
-- Uses: reading, time, endpoints
local MOST_SENDS = 10
local now = now_ms()
local removed = {verifications = 0, sends = 0, counters = 0}
local erased = {}

local function erase_event(id)
  local app = app_of(id)
  if app then
    drop_event(app, id)
    schedule_app(now, app, endpoint_of(app), true)
  end
  redis.call('DEL', EVENT .. id)
end

local function erase(id)
  erased[id] = true
  local verification = 'otp:verification:' .. id
  local sends, account, revision =
    unpack(redis.call('HMGET', verification, 'sends', 'account', 'revision'))
  for send = 1, math.min(tonumber(sends) or MOST_SENDS, MOST_SENDS) do
    removed.sends = removed.sends + redis.call('DEL', 'otp:send:' .. id .. ':' .. send)
    redis.call('ZREM', KEYS[1], id .. ':' .. send)
    if account then
      redis.call('ZREM', 'otp:attempts:' .. account, id .. ':' .. send)
    end
  end
  redis.call('ZREM', KEYS[1], id .. ':0')
  for n = 1, tonumber(revision) or 0 do
    erase_event(id .. '-' .. n)
  end
  redis.call('ZREM', ENDS, id)
  removed.verifications = removed.verifications + redis.call('DEL', verification)
  redis.call('DEL', 'otp:code:' .. id)
end

for _, tag in ipairs(ARGV) do
  local history = 'otp:history:' .. tag
  for _, id in ipairs(redis.call('ZRANGE', history, 0, -1)) do
    erase(id)
  end
  redis.call('DEL', history, 'otp:recipient:' .. tag)
  removed.counters = removed.counters
    + redis.call('DEL', 'otp:limit:to:' .. tag, 'otp:failed:' .. tag, 'otp:verified:' .. tag,
      'otp:safe:' .. tag)
end
for i = 3, #KEYS do
  removed.counters = removed.counters + redis.call('DEL', KEYS[i])
end
for _, message in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local id = decoded(message).verification_id
  if id and erased[id] then
    redis.call('LREM', KEYS[2], 1, message)
  end
end
return cjson.encode(removed)
