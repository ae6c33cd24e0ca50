-- Have all workers skip a sender for a while.
--
-- KEYS 1 the pause
-- ARGV 1 for how long, in milliseconds
--
-- Uses: time
local ends = text_of(now_ms() + ARGV[1])
redis.call('SET', KEYS[1], ends, 'PXAT', ends)
