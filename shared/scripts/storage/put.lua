-- Set a key for some time.
--
-- KEYS 1 the key
-- ARGV 1 its value   2 for how long, in milliseconds
--
-- Uses: time
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', text_of(now_ms() + ARGV[2]))
