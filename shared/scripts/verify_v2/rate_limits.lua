-- Replace a Service's rate limits, unless somebody else has done so meanwhile.
--
-- KEYS 1 the rate limits
-- ARGV 1 what they were, empty for none   2 what they are to be   3 ttl_ms
-- Result: 1, or 0 when they have changed
--
-- Uses: time
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PXAT', text_of(now_ms() + ARGV[3]))
return 1
