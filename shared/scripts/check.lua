-- Check a code. It is counted before it is compared, and the one check that succeeds uses the
-- code up. The same reads happen whatever the answer.
--
-- KEYS 1 the recipient's open verification, or the verification
-- ARGV 1 the request, JSON: by ("recipient" | "id"), verification_id (by id), app,
--        verifiers {kid: verifier of the typed code}, max_failed_checks {count, ms}
-- Result, JSON: {outcome}, which is
--   approved | incorrect   and verification_id, channel, to, checks_left
--   not_found
--   late                   the caller has given up
--   used_up                no check left, for the verification or its recipient: wait_ms, until a
--                          new code may be asked for
local request = cjson.decode(ARGV[1])
local now = now_ms()

if is_late(request, now) then
  return cjson.encode({outcome = 'late', now = now})
end

local id = request.verification_id
if request.by == 'recipient' then
  id = redis.call('GET', KEYS[1]) or ''
end
local verification, code = 'otp:verification:' .. id, 'otp:code:' .. id
local status, app, channel, to, tag, expires, sent_at, resend_ms = unpack(redis.call('HMGET',
  verification,
  'status', 'app', 'channel', 'to', 'tag', 'expires', 'sent_at', 'resend_ms'))
local kid, verifier = unpack(redis.call('HMGET', code, 'kid', 'by_' .. request.by))
local failed = 'otp:failed:' .. (tag or '')
local windows = {request.max_failed_checks}
local locked = wait_for(failed, windows, now)

if not status or app ~= request.app or tonumber(expires) <= now then
  return '{"outcome":"not_found"}'
end
if status ~= 'pending' and status ~= 'max_attempts_reached' then
  return '{"outcome":"not_found"}'
end
if status == 'max_attempts_reached' or locked > 0 then
  return cjson.encode({outcome = 'used_up', wait_ms = math.max(locked, sent_at + resend_ms - now)})
end

local checks_left = redis.call('HINCRBY', verification, 'checks_left', -1)
local approved = verifier and request.verifiers[kid] == verifier
if approved then
  redis.call('HSET', verification, 'status', 'approved')
  redis.call('DEL', code, failed, 'otp:recipient:' .. tag)
  count('checks', channel, 'approved')
else
  count('checks', channel, 'incorrect')
  count_event(failed, windows, now)
  if checks_left == 0 then
    redis.call('HSET', verification, 'status', 'max_attempts_reached')
    redis.call('DEL', code)
  end
end
return cjson.encode({
  outcome = approved and 'approved' or 'incorrect', now = now,
  verification_id = id, channel = channel, to = to, checks_left = checks_left,
})
