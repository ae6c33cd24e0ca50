-- Have the pumping guard start afresh with a range or country: what it has counted so far holds nobody.
--
-- KEYS 1 guard
-- ARGV 1 for how long the release is remembered where no message follows, in milliseconds
--
-- Uses: time
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'released', now_ms())
redis.call('PEXPIRE', KEYS[1], ARGV[1])
