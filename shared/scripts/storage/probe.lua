-- Prove that Redis takes writes and runs our scripts. Like most of them, this one has keys of several
-- slots and one that only the script names. Redis Cluster refuses both, and so does every service that
-- imitates it, whatever INFO says there.
--
-- KEYS 1 ready   2 due
--
-- Uses: time
redis.call('SET', KEYS[1], 1, 'PXAT', text_of(now_ms() + 60000))
return redis.call('EXISTS', KEYS[2], 'otp:events')
