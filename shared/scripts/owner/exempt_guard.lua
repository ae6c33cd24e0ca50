-- Exempt a range or country from the pumping guard, or end that.
--
-- KEYS 1 exemptions, by the time at which they end
-- ARGV 1 the guard's name   2 for how long, in milliseconds; 0: no longer
--
-- Uses: time
local now = now_ms()
redis.call('ZREM', KEYS[1], ARGV[1])
if tonumber(ARGV[2]) > 0 then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] then
  expire_at(KEYS[1], last[2])
end
