-- Check a code. It is counted before it is compared, and the one check that succeeds uses the
-- code up.
--
-- KEYS 1 the recipient's open verification, or the verification   2 wrong codes of the client's network
-- ARGV the values below in their order, then by name verifier:{kid} of the typed code for each key;
--      max_failed_checks and max_failed_ip are limits (lib/limits.lua), the second one '' for no limit;
--      any_length: a code of another length is a wrong one
-- Result of a check: approved | incorrect, verification_id, channel, to, clear_to ('' if it is gone),
--      checks_left, created, now, context (of the start, or ''), trace (if the start had one)
-- Otherwise JSON: {outcome}, which is
--   not_found
--   malformed              the code has code_length digits; nothing was counted
--   late                   the caller has given up
--   used_up                no check left, by the rule max_checks of the verification or
--                          failed_checks of its recipient: wait_ms, until a new code may be
--                          requested
--   limited                too many wrong codes from the client's network: count, ms (the limit),
--                          wait_ms
--   All but late have verification_id too, if there is a verification, and trace, if it has one
--
-- Uses: arguments, reading, time, counting, limits, approval
-- May use: conclusion, refusals, webhooks, workflow
local by, id, app, typed_length, max_failed_checks, max_failed_ip, verified_ms = unpack(ARGV)
local request = arguments(8)
local now = now_ms()

if is_late(request, now) then
  return cjson.encode({outcome = 'late', now = now})
end

if by == 'recipient' then
  id = redis.call('GET', KEYS[1]) or ''
end
local verification, code = 'otp:verification:' .. id, 'otp:code:' .. id
local status, its_app, channel, to, tag, country, created, expires, code_length, account, counted, left,
  is_test, to_conclude, context, webhook, unchecked, workflow, trace =
  unpack(redis.call('HMGET', verification,
    'status', 'app', 'channel', 'to', 'tag', 'country', 'created', 'expires', 'code_length', 'account',
    'counted', 'checks_left', 'test', 'conclude', 'context', 'webhook', 'unchecked', 'workflow', 'trace'))
-- The checks of a verification without these could not be counted. Codes that are checked elsewhere
-- are none here.
local open = tag and not unchecked and all_numbers(expires, left) and its_app == app
  and tonumber(expires) > now and (status == 'pending' or status == 'max_attempts_reached')
local wait, most, window_ms = 0, nil, nil
if max_failed_ip ~= '' then
  wait, most, window_ms = wait_for(KEYS[2], max_failed_ip, now)
end
if wait > 0 then
  use_refusals().record_refusal(now, {
    rule = 'failed_ip', app = app, to = open and to or nil,
    value = most, threshold = most, window_ms = window_ms,
  })
  return cjson.encode({
    outcome = 'limited', verification_id = open and id or nil, trace = open and trace or nil,
    count = most, ms = window_ms, wait_ms = wait,
  })
end
if not open then
  count(now, app, 'checks:none:not_found')
  return cjson.encode({
    outcome = 'not_found', now = now, verification_id = id ~= '' and id or nil,
  })
end

channel, to, country, trace = channel or 'none', to or '', country or 'none', trace or nil
created = tonumber(created) or now
-- All addresses of a mailbox are one.
local failed = 'otp:failed:' .. (counted or tag)
local locked, lock_count, lock_ms = wait_for(failed, max_failed_checks, now)
if status == 'max_attempts_reached' or locked > 0 then
  if locked > 0 then
    use_refusals().record_refusal(now, {
      rule = 'failed_checks', app = app, to = to,
      value = lock_count, threshold = lock_count, window_ms = lock_ms,
    })
  end
  local again = expires
  if not account then
    local sent_at, resend_ms = unpack(redis.call('HMGET', verification, 'sent_at', 'resend_ms'))
    again = (tonumber(sent_at) or 0) + (tonumber(resend_ms) or 0)
  end
  return cjson.encode({
    outcome = 'used_up', verification_id = id, trace = trace,
    rule = locked > 0 and 'failed_checks' or 'max_checks',
    wait_ms = math.max(locked, again - now),
  })
end
typed_length = tonumber(typed_length)
local length = tonumber(code_length) or typed_length
if not request.any_length and length ~= typed_length then
  return cjson.encode({
    outcome = 'malformed', verification_id = id, trace = trace, code_length = length,
  })
end

local kid, verifier, clear_to = unpack(redis.call('HMGET', code, 'kid', 'by_' .. by, 'to'))
local checks_left = left - 1
local approved = verifier and request['verifier:' .. kid] == verifier
local result = approved and 'approved' or 'incorrect'
local after = approved and 'approved' or checks_left == 0 and 'max_attempts_reached' or 'pending'
redis.call('HSET', verification, 'status', after, 'checks_left', text_of(checks_left),
  'check:' .. math.max(0, checks_left), '{"result":"' .. result .. '","at":' .. text_of(now) .. '}')
if approved then
  -- Workers can derive the code from this. One that a caller made up is not kept.
  local generation, own_length, sealed
  if to_conclude then
    generation, own_length, sealed =
      unpack(redis.call('HMGET', code, 'generation', 'length', 'sealed'))
  end
  approve(now, {
    id = id, app = app, account = account or app, channel = channel, tag = tag, country = country,
    created = created, is_test = is_test, to = clear_to or '',
  }, verified_ms)
  if to_conclude and not sealed then
    use_conclusion().conclude(now, id, to_conclude,
      {ended = 'approved', kid = kid, generation = generation, length = own_length})
  end
else
  count(now, app, 'checks:' .. channel .. ':' .. result)
  count_event(failed, max_failed_checks, now)
  if max_failed_ip ~= '' then
    count_event(KEYS[2], max_failed_ip, now)
  end
  if checks_left == 0 then
    redis.call('DEL', code)
  end
end
if workflow and after ~= 'pending' then
  use_workflow().stop_steps(id)
end
if webhook and after ~= 'pending' then
  use_webhooks().tell_end(now, id, after)
end
return {result, id, channel, to, clear_to or '', checks_left, created, now, context or '', trace}
