-- Use an open session. It goes on for as long as it is used, up to its longest life.
--
-- KEYS 1 session
-- ARGV 1 idle_ms   2 longest_ms
-- Result: 1, or 0 when it is not open
--
-- Uses: time
local now = now_ms()
local began = tonumber(redis.call('GET', KEYS[1]))
if not began or began + ARGV[2] <= now then
  redis.call('DEL', KEYS[1])
  return 0
end
expire_at(KEYS[1], now + ARGV[1])
return 1
