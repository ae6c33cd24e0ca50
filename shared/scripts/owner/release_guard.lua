-- Have the pumping guard start afresh with a range or country: what it has counted so far holds nobody.
--
-- KEYS 1 guard
-- ARGV 1 for how long the release is remembered where no message follows, in milliseconds
--
-- Uses: time
local now = now_ms()
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'released', now)
expire_at(KEYS[1], now + ARGV[1])
