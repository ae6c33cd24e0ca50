-- End a pending verification because its app says so. Workers drop its queued sends when they reach
-- them.
--
-- KEYS 1 verification   2 code
-- ARGV the request by name: verification_id, app, status (canceled | approved), verified_ms
-- Result: the time, and trace if it has one; nothing if it was not pending
--
-- Uses: arguments, time, approval
-- May use: conclusion, webhooks, workflow
local request = arguments(1)
local now = now_ms()
local status, app, account, channel, tag, country, created, expires, is_test, to_conclude,
  webhook, workflow, trace =
  unpack(redis.call('HMGET', KEYS[1],
    'status', 'app', 'account', 'channel', 'tag', 'country', 'created', 'expires', 'test', 'conclude',
    'webhook', 'workflow', 'trace'))
if status ~= 'pending' or app ~= request.app or (tonumber(expires) or 0) <= now or not tag then
  return nil
end
redis.call('HSET', KEYS[1], 'ended', now, 'status', request.status)
if request.status == 'approved' then
  approve(now, {
    id = request.verification_id, app = app, account = account or app,
    channel = channel or 'none', tag = tag, country = country or 'none', is_test = is_test,
    created = tonumber(created) or now, to = redis.call('HGET', KEYS[2], 'to') or '',
  }, request.verified_ms)
else
  redis.call('DEL', KEYS[2], 'otp:recipient:' .. tag)
  use_conclusion().conclude(now, request.verification_id, to_conclude, {ended = 'canceled'})
end
if workflow then
  use_workflow().stop_steps(request.verification_id)
end
if webhook then
  use_webhooks().tell_end(now, request.verification_id, request.status)
end
return {now, trace or nil}
