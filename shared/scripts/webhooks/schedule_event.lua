-- Have workers deliver an event, later or once more.
--
-- ARGV 1 id   2 in_ms, or '': now and before all others, also to an endpoint that rests or wants no more
-- Result: 1, or 0 if the event is not kept any longer
--
-- Uses: time, endpoints
local now, id = now_ms(), ARGV[1]
local app = app_of(id)
if not app then
  return 0
end
local endpoint, is_now = endpoint_of(app), ARGV[2] == ''
redis.call('ZADD', WAITING .. app, is_now and '0' or text_of(now + ARGV[2]), id)
expire_at(WAITING .. app, now + EVENT_MS)
if is_now then
  redis.call('HDEL', ENDPOINT .. app, 'off')
end
if is_now or endpoint.probe == id then
  endpoint.rests = 0
  redis.call('HDEL', ENDPOINT .. app, 'rests', 'probe')
end
schedule_app(now, app, endpoint)
return 1
