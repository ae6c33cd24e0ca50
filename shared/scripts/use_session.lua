-- Use an open session. It goes on for as long as it is used, up to its longest life.
--
-- KEYS 1 session
-- ARGV 1 idle_ms   2 longest_ms
-- Result: 1, or 0 when it is not open
local began = redis.call('GET', KEYS[1])
local left = began and began + ARGV[2] - now_ms() or 0
if left <= 0 then
  redis.call('DEL', KEYS[1])
  return 0
end
redis.call('PEXPIRE', KEYS[1], math.min(left, tonumber(ARGV[1])))
return 1
