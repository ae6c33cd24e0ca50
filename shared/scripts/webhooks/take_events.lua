-- Notice verifications that have expired, and take events that are due for an attempt to deliver them.
-- What cannot be read, because another version wrote it, is left out.
--
-- KEYS 1 webhooks   2 ends
-- ARGV 1 the most to take   2 lease_ms: until then nobody else takes them
-- Result: the milliseconds until the next one is due or ends, or -1; then of each event its id, its hash
--         as HGETALL gives it, and the mark of the app's endpoint if that wants no more events, or ''
--
-- Uses: time, webhooks
local now = now_ms()

local function due(key)
  return ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, ARGV[1]))
end

for _, id in due(KEYS[2]) do
  local found = redis.pcall('HMGET', 'otp:verification:' .. id, 'status', 'expires')
  if found[1] == 'pending' and (tonumber(found[2]) or 0) <= now then
    tell(now, id, 'verification.expired')
  end
  redis.call('ZREM', KEYS[2], id)
end
local taken = {}
for _, id in due(KEYS[1]) do
  local event = redis.pcall('HGETALL', 'otp:webhook:' .. id)
  if event.err or #event == 0 then
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', SINCE, id)
  else
    redis.call('ZADD', KEYS[1], text_of(now + ARGV[2]), id)
    local app = redis.call('HGET', 'otp:webhook:' .. id, 'app') or ''
    local off = redis.pcall('GET', 'otp:webhooks:off:' .. app)
    table.insert(taken, {id, event, type(off) == 'string' and off or ''})
  end
end
local next_ms = -1
for _, key in ipairs(KEYS) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  if first then
    local wait = math.max(0, first - now)
    next_ms = next_ms < 0 and wait or math.min(next_ms, wait)
  end
end
return {next_ms, taken}
