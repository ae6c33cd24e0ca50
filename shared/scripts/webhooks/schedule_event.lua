-- Have workers deliver an event, later or once more.
--
-- KEYS 1 webhooks   2 the event
-- ARGV 1 id   2 in_ms
-- Result: 1, or 0 if the event is not kept any longer
--
-- Uses: time
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
local now = now_ms()
redis.call('ZADD', KEYS[1], text_of(now + ARGV[2]), ARGV[1])
expire_not_before(KEYS[1], now + redis.call('PTTL', KEYS[2]), now)
return 1
