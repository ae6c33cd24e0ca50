-- Record an attempt to deliver an event.
--
-- KEYS 1 webhooks   2 the event   3 since
-- ARGV the request by name: id, answer (an HTTP status, or a word for why there is none), and result:
--      delivered, failed with retry_in_ms, or given_up. off is the mark of an endpoint that wants no
--      more events, for off_ms
--
-- Uses: arguments, time, counting
local request = arguments(1)
local now = now_ms()
if redis.call('EXISTS', KEYS[2]) == 0 then
  return
end
redis.call('HINCRBY', KEYS[2], 'attempts', '1')
redis.call('HSET', KEYS[2], 'answer', request.answer, 'answered', text_of(now), 'result', request.result)
count(now, '', named('webhooks', request.result))
if request.result == 'failed' then
  redis.call('ZADD', KEYS[1], text_of(now + request.retry_in_ms), request.id)
else
  redis.call('ZREM', KEYS[1], request.id)
  redis.call('ZREM', KEYS[3], request.id)
end
if request.off then
  local app = redis.call('HGET', KEYS[2], 'app')
  redis.call('SET', 'otp:webhooks:off:' .. app, request.off, 'PX', request.off_ms)
end
