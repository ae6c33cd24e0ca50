-- Check a code. It is counted before it is compared, and the one check that succeeds uses the
-- code up.
--
-- KEYS 1 the recipient's open verification, or the verification   2 wrong codes of the client's network
-- ARGV the request by name: by ("recipient" | "id"), verification_id (by id), app, length, of each key
--      verifier:{kid} of the typed code, max_failed_checks and max_failed_ip (windows), verified_ms;
--      any_length: a code of another length is a wrong one
-- Result, JSON: {outcome}, which is
--   approved | incorrect   and verification_id, channel, to, clear_to, checks_left, created, at (now)
--   not_found
--   malformed              the code has code_length digits; nothing was counted
--   late                   the caller has given up
--   used_up                no check left, by the rule max_checks of the verification or
--                          failed_checks of its recipient: wait_ms, until a new code may be
--                          requested
--   limited                too many wrong codes from the client's network: count, ms (the limit),
--                          wait_ms
--   All but late have verification_id too, if there is a verification.
--
-- Uses: arguments, reading, time, limits, refusals, approval
local request = arguments(1)
local now = now_ms()

if is_late(request, now) then
  return cjson.encode({outcome = 'late', now = now})
end

local id = request.verification_id
if request.by == 'recipient' then
  id = redis.call('GET', KEYS[1]) or ''
end
local verification, code = 'otp:verification:' .. id, 'otp:code:' .. id
local status, app, channel, to, tag, country, created, expires, sent_at, resend_ms, code_length,
  account, counted, left, is_test = unpack(redis.call('HMGET', verification, 'status', 'app', 'channel',
    'to', 'tag', 'country', 'created', 'expires', 'sent_at', 'resend_ms', 'code_length', 'account',
    'counted', 'checks_left', 'test'))
-- The checks of a verification without these could not be counted.
local open = tag and all_numbers(expires, left) and app == request.app and tonumber(expires) > now
  and (status == 'pending' or status == 'max_attempts_reached')
local windows_of_ip = windows_of(request.max_failed_ip)
local wait, window = wait_for(KEYS[2], windows_of_ip, now)
if wait > 0 then
  record_refusal(now, {
    rule = 'failed_ip', app = request.app, to = open and to or nil,
    value = window.count, threshold = window.count, window_ms = window.ms,
  })
  return cjson.encode({
    outcome = 'limited', verification_id = open and id or nil,
    count = window.count, ms = window.ms, wait_ms = wait,
  })
end
if not open then
  count(now, '', 'checks:none:not_found')
  return cjson.encode({
    outcome = 'not_found', now = now, verification_id = id ~= '' and id or nil,
  })
end

channel, to, country = channel or 'none', to or '', country or 'none'
created = tonumber(created) or now
-- All addresses of a mailbox are one.
local failed, windows = 'otp:failed:' .. (counted or tag), windows_of(request.max_failed_checks)
local locked, lock = wait_for(failed, windows, now)
if status == 'max_attempts_reached' or locked > 0 then
  if locked > 0 then
    record_refusal(now, {
      rule = 'failed_checks', app = app, to = to,
      value = lock.count, threshold = lock.count, window_ms = lock.ms,
    })
  end
  local again = account and expires or (tonumber(sent_at) or 0) + (tonumber(resend_ms) or 0)
  return cjson.encode({
    outcome = 'used_up', verification_id = id, rule = locked > 0 and 'failed_checks' or 'max_checks',
    wait_ms = math.max(locked, again - now),
  })
end
local typed_length = tonumber(request.length)
local length = tonumber(code_length) or typed_length
if not request.any_length and length ~= typed_length then
  return cjson.encode({outcome = 'malformed', verification_id = id, code_length = length})
end

local kid, verifier, clear_to = unpack(redis.call('HMGET', code, 'kid', 'by_' .. request.by, 'to'))
local checks_left = redis.call('HINCRBY', verification, 'checks_left', '-1')
local approved = verifier and request['verifier:' .. kid] == verifier
local result = approved and 'approved' or 'incorrect'
local after = approved and 'approved' or checks_left == 0 and 'max_attempts_reached' or 'pending'
redis.call('HSET', verification, 'status', after,
  'check:' .. math.max(0, checks_left), cjson.encode({result = result, at = now}))
if approved then
  approve(now, {
    id = id, app = app, account = account or app, channel = channel, tag = tag, country = country,
    created = created, is_test = is_test, to = clear_to or '',
  }, request.verified_ms)
else
  count(now, '', named('checks', channel, result))
  count_event(failed, windows, now)
  if #windows_of_ip > 0 then
    count_event(KEYS[2], windows_of_ip, now)
  end
  if checks_left == 0 then
    redis.call('DEL', code)
  end
end
return cjson.encode({
  outcome = result, now = now,
  verification_id = id, channel = channel, to = to, checks_left = checks_left,
  created = created, clear_to = clear_to or nil, at = now,
})
