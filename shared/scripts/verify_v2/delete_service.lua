-- Delete a Service.
--
-- KEYS 1 the Service   2 the Services of its account   3 its rate limits
-- ARGV 1 its SID   2 the mark to leave in its place, or '' for none   3 for how long the mark stays, in
--      milliseconds
--
-- Uses: time
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PXAT', text_of(now_ms() + ARGV[3]))
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
