-- Check a code. It is counted before it is compared, and the one check that succeeds uses the
-- code up. The same reads and writes happen whatever the answer, so that the time that it takes
-- tells nothing: where there is nothing to count, a decoy is written to.
--
-- KEYS 1 the recipient's open verification, or the verification   2 wrong codes of the client's network
-- ARGV 1 the request, JSON: by ("recipient" | "id"), verification_id (by id), app, length,
--        verifiers {kid: verifier of the typed code}, max_failed_checks {count, ms},
--        max_failed_ip, a list of the same, verified_ms; any_length: a code of another length is a
--        wrong one
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
local DECOY = 'otp:decoy'
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
if redis.call('EXISTS', DECOY) == 0 then
  redis.call('HSET', DECOY, 'status', 'decoy', 'app', '-', 'channel', 'none', 'to', '+0000*****00',
    'tag', string.rep('0', 32), 'country', '-', 'created', now, 'expires', now, 'checks_left', 0,
    'sends', 1, 'sent_at', now, 'max_sends', 5, 'resend_ms', 30000, 'code_length', 6,
    'resend_code', 'same')
  redis.call('EXPIRE', DECOY, 60)
  redis.call('HSET', 'otp:decoy:code', 'to', '-', 'kid', '-', 'generation', 0, 'length', 6,
    'by_recipient', string.rep('0', 32), 'by_id', string.rep('0', 32))
  redis.call('EXPIRE', 'otp:decoy:code', 60)
end
if redis.call('EXISTS', verification) == 0 then
  verification, code = DECOY, 'otp:decoy:code'
end
local function read()
  return unpack(redis.call('HMGET', verification, 'status', 'app', 'channel', 'to', 'tag', 'country',
    'created', 'expires', 'sent_at', 'resend_ms', 'code_length', 'account', 'counted',
    'checks_left'))
end
local status, app, channel, to, tag, country, created, expires, sent_at, resend_ms, code_length,
  account, counted, left = read()
if not (app and tag and tonumber(expires) and tonumber(left)) then
  -- Its checks could not be counted.
  verification, code = DECOY, 'otp:decoy:code'
  status, app, channel, to, tag, country, created, expires, sent_at, resend_ms, code_length,
    account, counted = read()
end
channel, to, country = channel or 'none', to or '', country or 'none'
created = tonumber(created) or now
local kid, verifier, clear_to = unpack(redis.call('HMGET', code, 'kid', 'by_' .. request.by, 'to'))
-- All addresses of a mailbox are one.
local failed, network = 'otp:failed:' .. (counted or tag), KEYS[2]
local windows = {request.max_failed_checks}
local locked, lock = wait_for(failed, windows, now)
local wait, window = wait_for(network, request.max_failed_ip, now)

local open = app == request.app and tonumber(expires) > now
  and (status == 'pending' or status == 'max_attempts_reached')
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
if open and (status == 'max_attempts_reached' or locked > 0) then
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
local length = tonumber(code_length) or request.length
if open and not request.any_length and length ~= request.length then
  return cjson.encode({outcome = 'malformed', verification_id = id, code_length = length})
end
if not open then
  verification, failed, network = DECOY, 'otp:decoy:failed', DECOY .. ':network'
end

local checks_left = redis.call('HINCRBY', verification, 'checks_left', -1)
local approved = open and verifier and request.verifiers[kid] == verifier
local result = approved and 'approved' or open and 'incorrect' or 'not_found'
redis.call('HSET', verification, 'check:' .. math.max(0, checks_left),
  cjson.encode({result = result, at = now}))
if approved then
  approve(now, {
    id = id, app = app, account = account or app, channel = channel, tag = tag, country = country,
    created = created, to = clear_to or '',
  }, request.verified_ms)
else
  count(now, 'checks', open and channel or 'none', result)
  count_event(failed, windows, now)
  if #request.max_failed_ip > 0 then
    count_event(network, request.max_failed_ip, now)
  end
  if open and checks_left == 0 then
    redis.call('HSET', verification, 'status', 'max_attempts_reached')
    redis.call('DEL', code)
  end
end
return cjson.encode({
  outcome = result, now = now,
  verification_id = id, channel = channel, to = to, checks_left = checks_left,
  created = created, clear_to = clear_to or nil, at = now,
})
