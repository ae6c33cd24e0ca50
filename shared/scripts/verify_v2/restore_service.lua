-- Write a Service that Redis does not have.
--
-- KEYS 1 the Service   2 the Services of its account   3 its rate limits
-- ARGV 1 for how long it is kept, in milliseconds   2 its SID   3 the Service   4 its rate limits, or ''
--      5 when it was created, or '' if it was deleted
-- Result: 1, or 0 if Redis has it
--
-- Uses: time
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local ends = text_of(now_ms() + ARGV[1])
redis.call('SET', KEYS[1], ARGV[3], 'PXAT', ends)
if ARGV[4] ~= '' then
  redis.call('SET', KEYS[3], ARGV[4], 'PXAT', ends)
end
if ARGV[5] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[5], ARGV[2])
  expire_at(KEYS[2], ends)
end
return 1
