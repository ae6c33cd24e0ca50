-- Have a worker confirm a subscription to a topic.
--
-- KEYS 1 subscriptions
-- ARGV 1 the topic   2 the token that confirms it   3 for how long it is kept, in milliseconds
--
-- Uses: time
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
expire_at(KEYS[1], now_ms() + ARGV[3])
