-- Put a number on the safe list of an account.
--
-- KEYS 1 the accounts that trust the number
-- ARGV 1 the account   2 the SID of a new entry   3 for how long it is kept, in milliseconds
-- Result: the SID of the entry, which may have been there before
--
-- Uses: time
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
expire_at(KEYS[1], now_ms() + ARGV[3])
return redis.call('HGET', KEYS[1], ARGV[1])
