-- Skip the next step of a workflow. The one after it starts now.
--
-- ARGV the request by name: verification_id, step (its number), reason
-- Result: 1, or 0 if that is not the next step of a pending verification
--
-- Uses: arguments, reading, time
-- May use: workflow
local request = arguments(1)
local now = now_ms()
local id, number = request.verification_id, tonumber(request.step)
local status, expires, workflow, step = unpack(redis.call('HMGET', 'otp:verification:' .. id,
  'status', 'expires', 'workflow', 'step'))
if status ~= 'pending' or not all_numbers(expires, step) or step + 1 ~= number then
  return 0
end
local steps = use_workflow()
steps.note_skipped(now, id, number, request.reason)
steps.note_step(now, id, workflow, number, 0, expires)
return 1
