-- Start a verification, or send the code of the pending one again. Everything is checked before
-- anything is written: of a refusal nothing stays but its reason.
--
-- KEYS the limits
-- ARGV the limits, as lib/limits.lua reads them; then the request: the values below in their order,
--      and others by name
-- Result of a start: verification_id, send, expires_in_ms, resend_in_ms, checks_left, sends_left, now,
--      and trace (of the first request for the verification that had one)
-- Otherwise JSON: {outcome}, which is
--   started       and the same and channel, for an idempotency key, also when that is used again; with
--                 terms also created and sends, which were asked for at {at} by {channel}
--   conflict      the idempotency key was used for something else
--   needs_code    the code is for another verification or send than is now due: ask again with
--                 verification_id (absent: a new one), send and code_length
--   not_found     `only` is not the recipient's pending verification, or it is not the time of `step`
--   limited       and scope, name (of a caller's own limit), count, ms (the limit), wait_ms
--   held          by the pumping guard, and rule, of range or country
--   proof_spent   the proof of work was used before
--   locked        too many failed checks: wait_ms
--   late          the caller has given up
--   backlog       the message would be sent too late: wait_ms
--
-- A request has workflow, step (the number of the first one that is not skipped), skipped (JSON,
-- a list of number and reason) and ip_tag, if it is to have a workflow. The timer of a step has `only`
-- and step.
--
-- Uses: arguments, reading, time, counting, keeping, queue, limits, guard
-- May use: conclusion, refusals, repeats, resends, webhooks, workflow
local VALUES = 31
local app, channel, locale, tag, counted, to, masked_to, country, ttl_ms, max_checks, most_sends,
  pause_ms, resend_code, max_failed_checks, kept_ms, overdue_ms, verified_ms, enqueued_at,
  verification_id, due_send, kid, key, generation, length, by_recipient, by_id, range, most_in_range,
  range_part_ms, most_in_country, country_part_ms =
  unpack(ARGV, #KEYS + 1, #KEYS + VALUES)
local request = arguments(#KEYS + VALUES + 1)
local account = request.account or app
local now = now_ms()
local at = text_of(now)
ttl_ms = tonumber(ttl_ms)
local QUEUE = 'rq:queue:otp'

if is_late(request, now) then
  return cjson.encode({outcome = 'late', now = now})
end

local before = request.idempotency_keys and use_repeats().repeated(request)
if before then
  return before
end

local function refused(rule, subject, value, threshold, window_ms, answer)
  -- Beside its range a masked number would show all but two of its digits.
  local shows_range = rule == 'range' or rule == 'guard_range'
  use_refusals().record_refusal(now, {
    rule = rule, app = app, to = not shows_range and masked_to or nil,
    subject = subject, value = value, threshold = threshold, window_ms = window_ms,
    webhook = answer.outcome == 'held' and request.webhook or nil, account = request.account,
    channel = channel,
  })
  return cjson.encode(answer)
end

local function limited(scope, subject, count, ms, wait, name)
  return refused(scope, name or subject, count, count, ms,
    {outcome = 'limited', scope = scope, name = name, count = count, ms = ms, wait_ms = wait})
end

local locked, lock_count, lock_ms =
  wait_for('otp:failed:' .. counted, max_failed_checks, now)
if locked > 0 then
  return refused('failed_checks', nil, lock_count, lock_count, lock_ms,
    {outcome = 'locked', wait_ms = locked})
end

-- A verification stays the recipient's open one when its checks are used up, until it expires;
-- one that was approved or canceled does not.
local open = redis.call('GET', 'otp:recipient:' .. tag)
local status, expires, sends, sent_at, checks_left, max_sends, resend_ms, code_length, own_resend_code,
  context, workflow, step, trace
if open then
  status, expires, sends, sent_at, checks_left, max_sends, resend_ms, code_length, own_resend_code,
    context, workflow, step, trace = unpack(redis.call('HMGET', 'otp:verification:' .. open, 'status',
      'expires', 'sends', 'sent_at', 'checks_left', 'max_sends', 'resend_ms', 'code_length',
      'resend_code', 'context', 'workflow', 'step', 'trace'))
end
-- One that cannot be read is no open one.
local live = status and all_numbers(expires, sends, sent_at, checks_left, max_sends, resend_ms,
  code_length) and tonumber(expires) > now
if live and status == 'max_attempts_reached' and request.account then
  return limited('sends', nil, tonumber(max_checks), ttl_ms, expires - now)
end
-- A Redis that is short of memory may have evicted the code: then there is none to send again.
local pending = live and status == 'pending' and redis.call('EXISTS', 'otp:code:' .. open) == 1
-- Its code must not confirm something else, such as another payment: that gets a code of its own.
local superseded = pending and not request.only and (request.replaces or (context or nil) ~= request.context)
-- The step of a workflow that this send is. A request for the next step's channel is that step.
local is_next = workflow and pending and not superseded and not request.workflow
local number = is_next and use_workflow().next_step(workflow, step, channel)
  or request.workflow and tonumber(request.step)
local by_timer = request.step and not request.workflow
if by_timer and not use_workflow().is_due(now, request, pending and open, number) then
  return '{"outcome":"not_found"}'
end
if pending and not superseded and tonumber(sends) >= tonumber(max_sends) then
  return limited('sends', nil, tonumber(max_sends), ttl_ms, expires - now)
end
is_next = is_next and number
local send_at = 0
if is_next then
  send_at = use_workflow().fenced_until(open, sends)
  if not by_timer then
    send_at = math.max(send_at, use_resends().channel_ready_at(open, sends, channel, resend_ms))
  end
elseif live then
  local has_failed = pending and use_resends().has_failed(open, sends)
  send_at = has_failed and use_resends().channel_ready_at(open, sends, channel, resend_ms)
    or sent_at + resend_ms
end
if send_at > now then
  if by_timer then
    use_workflow().time_step(now, open, send_at, expires)
    return '{"outcome":"not_found"}'
  end
  return limited('resend', nil, 1, tonumber(resend_ms), send_at - now)
end
for i, key in ipairs(KEYS) do
  local wait, count, ms = wait_for(key, ARGV[i], now)
  if wait > 0 then
    local scope, subject = string.match(key, '^otp:limit:([^:]+):(.*)$')
    return limited(scope, subject, count, ms, wait, request['name:' .. key])
  end
end
local day = math.floor(now / 86400000)
local budget_key = 'otp:budget:' .. account .. ':' .. channel .. ':' .. day
if request.budget then
  local spent = tonumber(redis.call('GET', budget_key) or 0)
  local budget = tonumber(request.budget)
  if spent >= budget then
    return limited('budget', channel, budget, 86400000, (day + 1) * 86400000 - now)
  end
end
local guards = range == '' and {} or watching(
  {kind = 'range', subject = range, name = account .. ':range:' .. range,
    most = most_in_range, part_ms = range_part_ms},
  {kind = 'country', subject = country, name = account .. ':country:' .. country,
    most = most_in_country, part_ms = country_part_ms},
  now)
for _, guard in ipairs(request.blocks_below_percent and guards or {}) do
  local percent = request.blocks_below_percent
  local sums = guard_sums('otp:guard:' .. guard.name, guard.part_ms, now)
  local hardly_any = sums.verified * 100 < percent * sums.sent
  if sums.sent >= tonumber(guard.most) and hardly_any
    and redis.call('EXISTS', 'otp:verified:' .. tag) == 0 then
    return refused('guard_' .. guard.kind, guard.subject, sums.verified,
      math.ceil(percent * sums.sent / 100), guard.part_ms * PARTS,
      {outcome = 'held', rule = 'guard_' .. guard.kind})
  end
end
local proof_key = request.proof and 'otp:proof:' .. request.proof
if proof_key and redis.call('EXISTS', proof_key) == 1 then
  return '{"outcome":"proof_spent"}'
end

pending = pending and not superseded
local send = pending and sends + 1 or 1
-- A third of the code's life may pass in the queue: a quarter by the estimate, as the rate may fall
-- while the send waits. Resends yield to first sends.
local bearable = ttl_ms / (send == 1 and 4 or 8)
local backlog = request.test and 0 or backlog_ms(QUEUE, now, ttl_ms / 32)
if backlog > bearable then
  return refused('backlog', nil, backlog, bearable, nil,
    {outcome = 'backlog', wait_ms = backlog - bearable})
end
local id = pending and open or verification_id
if request.only and (not pending or id ~= request.only) then
  return '{"outcome":"not_found"}'
end
-- A resend keeps the code, unless there is to be another one for each send. A workflow has one code. A
-- code is made for one verification and one send.
local makes_code = not pending or (own_resend_code == 'new' and not is_next) or request.sealed
if makes_code and (tonumber(due_send) ~= send or verification_id ~= id) then
  return cjson.encode({
    outcome = 'needs_code', send = send, verification_id = pending and open or nil,
    code_length = pending and tonumber(code_length) or nil,
  })
end
local function keep(key, field, value)
  if value then
    redis.call('HSET', key, field, value)
  end
end
local verification_key, code_key = 'otp:verification:' .. id, 'otp:code:' .. id
local member = id .. ':' .. text_of(send)
local send_key = 'otp:send:' .. member

for i, key in ipairs(KEYS) do
  count_event(key, ARGV[i], now)
end
if request.budget then
  redis.call('INCR', budget_key)
  expire_at(budget_key, now + 86400000)
end
count_guarded(guards, now)
if proof_key then
  redis.call('SET', proof_key, 1, 'PXAT', text_of(now + request.proof_ms))
end
expires = pending and expires or text_of(now + ttl_ms)
local kept_until, longest_kept = note_kept(now, tag, id, expires + kept_ms)
if superseded then
  redis.call('HSET', 'otp:verification:' .. open, 'status', 'canceled', 'ended', at)
  redis.call('DEL', 'otp:code:' .. open)
  if workflow then
    use_workflow().stop_steps(open)
  end
  local noted = redis.call('HGET', 'otp:verification:' .. open, 'conclude')
  if noted then
    use_conclusion().conclude(now, open, noted, {ended = 'canceled'})
  end
  if request.webhook then
    use_webhooks().tell_end(now, open, 'canceled')
  end
end
if pending then
  redis.call('HSET', verification_key, 'sends', send, 'sent_at', at, 'channel', channel)
else
  checks_left, max_sends, resend_ms = max_checks, most_sends, pause_ms
  redis.call('HSET', verification_key,
    'status', 'pending', 'app', app, 'channel', channel,
    'to', masked_to, 'tag', tag, 'country', country,
    'created', at, 'expires', expires,
    'checks_left', checks_left, 'sends', '1', 'sent_at', at,
    'max_sends', max_sends, 'resend_ms', resend_ms,
    'code_length', length, 'resend_code', resend_code)
  keep(verification_key, 'counted', counted ~= tag and counted)
  keep(verification_key, 'account', request.account)
  keep(verification_key, 'unchecked', request.unchecked)
  keep(verification_key, 'context', request.context)
  keep(verification_key, 'webhook', request.webhook and 1)
  redis.call('SET', 'otp:recipient:' .. tag, id, 'PXAT', expires)
end
expire_at(verification_key, kept_until)
if number then
  use_workflow().note_started(now, id, request, workflow, number, expires)
end
-- A resend with the same code leaves the code as it is.
if makes_code then
  redis.call('HSET', code_key,
    'to', to, 'kid', kid, 'key', key, 'generation', generation,
    'length', length, 'by_recipient', by_recipient, 'by_id', by_id)
  if request.sealed then
    redis.call('HSET', code_key, 'sealed', request.sealed)
    redis.call('HSET', verification_key, 'code_length', length)
  elseif pending then
    -- The send before may have had a code that its caller made.
    redis.call('HDEL', code_key, 'sealed')
    redis.call('HDEL', verification_key, 'code_from')
  end
  keep(verification_key, 'code_from', request.code_from)
  keep(code_key, 'context_text', request.context_text)
  expire_at(code_key, expires)
end
redis.call('HSET', send_key,
  'status', request.test and 'sent' or 'queued', 'channel', channel,
  'locale', locale, 'attempts', '0', 'asked', at,
  'generation', makes_code and generation or redis.call('HGET', code_key, 'generation'),
  unpack(request.outlet and {'outlet', request.outlet, 'senders', request.senders} or {}))
if channel == 'telegram' or request.concludes then
  use_conclusion().note_to_conclude(verification_key, send)
end
keep(send_key, 'sender', request.sender)
keep(send_key, 'app_name', request.app_name)
keep(send_key, 'route', request.route)
keep(send_key, 'step', number)
-- For a resend too, which may be the first one by SMS.
keep(verification_key, 'app_hash', request.app_hash)
trace = pending and trace or request.trace
keep(verification_key, 'trace', trace)
expire_at(send_key, kept_until)
-- Messages to a country are compared with its approvals, and without checks nothing is approved.
local requested = 'sends_requested:' .. channel
  .. (request.unchecked and '' or '\ncountry:' .. country .. ':requested')
local is_first
if pending or request.unchecked then
  is_first = count(now, '', requested)
else
  is_first = count(now, app, 'started:' .. channel .. '\n' .. requested)
end
if request.webhook and not pending then
  use_webhooks().tell_start(now, id, expires)
end
-- Once a minute is often enough for what stays for days. The account has the limits of its Services.
if is_first then
  redis.call('SADD', 'otp:apps', app, account)
  expire_at('otp:apps', longest_kept + verified_ms)
end
if request.test then
  redis.call('HSET', verification_key, 'test', 1)
  count(now, app, named('sends', channel, 'sent'))
else
  -- The job wakes a worker now; should it get lost, the sweeper finds the send here.
  redis.call('ZADD', 'otp:due', text_of(now + overdue_ms), member)
  expire_at('otp:due', longest_kept)
  enqueue(now, QUEUE, id, text_of(send), text_of(ttl_ms / 1000), enqueued_at, is_first)
end
-- The account's sends, for how many of them had somebody verified.
if request.account then
  local attempts = 'otp:attempts:' .. account
  redis.call('ZADD', attempts, at, member)
  redis.call('ZREMRANGEBYSCORE', attempts, '-inf', now - ttl_ms - kept_ms)
  redis.call('ZREMRANGEBYRANK', attempts, 0, -10001)
  expire_at(attempts, longest_kept)
end
local expires_in_ms, sends_left = expires - now, max_sends - send
resend_ms, checks_left = tonumber(resend_ms), tonumber(checks_left)
if not request.account and not request.idempotency then
  return {id, send, expires_in_ms, resend_ms, checks_left, sends_left, now, trace}
end
local answer = {
  outcome = 'started', verification_id = id, send = send, channel = channel,
  expires_in_ms = expires_in_ms, resend_in_ms = resend_ms, checks_left = checks_left,
  sends_left = sends_left, trace = trace,
}
if request.account then
  answer.created, answer.sends = tonumber(redis.call('HGET', verification_key, 'created')), {}
  for n = 1, send do
    local at, channel = unpack(redis.call('HMGET',
      'otp:send:' .. id .. ':' .. n, 'asked', 'channel'))
    answer.sends[n] = {at = tonumber(at), channel = channel}
  end
end
if request.idempotency_keys then
  use_repeats().remember(now, request, cjson.encode(answer))
end
answer.now = now
return cjson.encode(answer)
