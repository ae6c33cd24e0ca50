-- Start a verification, or send the code of the pending one again. Everything is checked before
-- anything is written: of a refusal nothing stays but its reason.
--
-- ARGV 1 the request, JSON, see Store.start. `keys` in it are the names of the keys of the recipient.
-- Result, JSON: {outcome}, which is
--   started       and verification_id, send, channel, expires_in_ms, resend_in_ms, checks_left,
--                 sends_left; again, the same, for an idempotency key that was used; with
--                 terms also created and sends, which were asked for at {at} by {channel}
--   conflict      the idempotency key was used for something else
--   needs_code    the code is for another verification or send than is now due: ask again with
--                 verification_id (absent: a new one), send and code_length
--   not_found     `only` is not the recipient's pending verification
--   limited       and scope, name (of a caller's own limit), count, ms (the limit), wait_ms
--   held          by the pumping guard, and rule, of range or country
--   proof_spent   the proof of work was used before
--   locked        too many failed checks: wait_ms
--   late          the caller has given up
--   backlog       the message would be sent too late: wait_ms
local request = cjson.decode(ARGV[1])
local keys = request.keys
local now = now_ms()

if is_late(request, now) then
  return cjson.encode({outcome = 'late', now = now})
end

if request.idempotency then
  local kept = redis.call('GET', keys.idempotency)
  if kept then
    local fingerprint, answer = string.match(kept, '^(%x+) (.*)$')
    local told = decoded(answer)
    local is_repeated = fingerprint == request.idempotency and told.verification_id and told.channel
    return is_repeated and answer or '{"outcome":"conflict"}'
  end
end

local function refused(rule, subject, value, threshold, window_ms, answer)
  -- Beside its range a masked number would show all but two of its digits.
  local shows_range = rule == 'range' or rule == 'guard_range'
  record_refusal(now, {
    rule = rule, app = request.app, to = not shows_range and request.masked_to or nil,
    subject = subject, value = value, threshold = threshold, window_ms = window_ms,
  })
  return cjson.encode(answer)
end

local function limited(scope, subject, count, ms, wait, name)
  return refused(scope, name or subject, count, count, ms,
    {outcome = 'limited', scope = scope, name = name, count = count, ms = ms, wait_ms = wait})
end

-- How long a new send would wait in the queue: what is before it, at the rate of the last seconds;
-- when nothing at all is being sent, at least as long as the first in the queue has waited.
local function backlog_ms()
  local since = waiting_since(keys.queue)
  -- A queue in which nobody has waited for long may just be catching up.
  if not since or now - since < request.ttl_ms / 32 then
    return 0
  end
  -- The last whole seconds in which the queue was not empty: no others tell how fast it can go.
  local this_second = math.floor(now / 1000)
  local seconds, drained = math.min(5, this_second - math.ceil(since / 1000)), 0
  for ago = 1, seconds do
    drained = drained + (redis.call('GET', 'otp:drained:' .. (this_second - ago)) or 0)
  end
  if drained == 0 then
    return now - since
  end
  return redis.call('LLEN', keys.queue) / drained * seconds * 1000
end

local locked, lock = wait_for(keys.failed, {request.max_failed_checks}, now)
if locked > 0 then
  return refused('failed_checks', nil, lock.count, lock.count, lock.ms,
    {outcome = 'locked', wait_ms = locked})
end

-- The job that wakes a worker up. It is what RQ's enqueue_call writes with its JSON serializer, but
-- `data` is not compressed, which RQ reads too, and nothing is kept forever.
local function enqueue(id, send)
  local job, ttl = id .. '-' .. send, request.ttl_ms / 1000
  redis.call('HSET', 'rq:job:' .. job,
    'data', '["worker.delivery.deliver", null, ["' .. id .. '", ' .. send .. '], {}]',
    'status', 'queued', 'origin', 'otp', 'description', 'deliver',
    'created_at', request.enqueued_at, 'enqueued_at', request.enqueued_at,
    'timeout', 180, 'ttl', ttl, 'result_ttl', 0, 'failure_ttl', ttl,
    'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '',
    'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', '')
  redis.call('EXPIRE', 'rq:job:' .. job, ttl)
  redis.call('RPUSH', keys.queue, job)
  redis.call('EXPIRE', keys.queue, 86400)
  redis.call('SADD', 'rq:queues', keys.queue)
  redis.call('EXPIRE', 'rq:queues', 86400)
end

-- A verification stays the recipient's open one when its checks are used up, until it expires;
-- one that was approved or canceled does not.
local open = redis.call('GET', keys.recipient)
local status, expires, sends, sent_at, checks_left, max_sends, resend_ms, code_length, resend_code
if open then
  status, expires, sends, sent_at, checks_left, max_sends, resend_ms, code_length, resend_code =
    unpack(redis.call('HMGET', 'otp:verification:' .. open, 'status', 'expires', 'sends', 'sent_at',
      'checks_left', 'max_sends', 'resend_ms', 'code_length', 'resend_code'))
end
-- One that cannot be read is no open one.
local live = status and all_numbers(expires, sends, sent_at, checks_left, max_sends, resend_ms,
  code_length) and tonumber(expires) > now
if live and status == 'max_attempts_reached' and request.terms then
  return limited('sends', nil, request.max_checks, request.ttl_ms, expires - now)
end
-- A Redis that is short of memory may have evicted the code: then there is none to send again.
local pending = live and status == 'pending' and redis.call('EXISTS', 'otp:code:' .. open) == 1
if pending and tonumber(sends) >= tonumber(max_sends) then
  return limited('sends', nil, tonumber(max_sends), request.ttl_ms, expires - now)
end
-- When a send is to wait for. After one that has failed, each channel waits for its own last send
-- only: another channel may reach the person.
local function resend_at()
  local newest = redis.call('HGET', 'otp:send:' .. open .. ':' .. sends, 'status')
  local last = tonumber(sent_at)
  if pending and (newest == 'failed' or newest == 'undelivered') then
    last = 0
    for n = 1, tonumber(sends) do
      local channel, asked =
        unpack(redis.call('HMGET', 'otp:send:' .. open .. ':' .. n, 'channel', 'asked'))
      last = channel == request.channel and tonumber(asked) or last
    end
  end
  return last + resend_ms
end
if live and resend_at() > now then
  return limited('resend', nil, 1, tonumber(resend_ms), resend_at() - now)
end
for _, limit in ipairs(request.limits) do
  local wait, window = wait_for(limit.key, limit.windows, now)
  if wait > 0 then
    return limited(limit.scope, limit.subject, window.count, window.ms, wait, limit.name)
  end
end
if request.budget then
  local day = math.floor(now / 86400000)
  local spent = tonumber(redis.call('GET', keys.budget .. day) or 0)
  if spent >= request.budget then
    return limited('budget', request.channel, request.budget, 86400000, (day + 1) * 86400000 - now)
  end
end
local guards = watching(request.guards, now)
for _, guard in ipairs(guards) do
  if guard.blocks then
    local sums = guard_sums('otp:guard:' .. guard.name, guard.part_ms, now)
    local hardly_any = sums.verified * 100 < guard.percent * sums.sent
    if sums.sent >= guard.count and hardly_any and redis.call('EXISTS', keys.verified) == 0 then
      return refused('guard_' .. guard.kind, guard.subject, sums.verified,
        math.ceil(guard.percent * sums.sent / 100), guard.part_ms * PARTS,
        {outcome = 'held', rule = 'guard_' .. guard.kind})
    end
  end
end
if request.proof_ms and redis.call('EXISTS', keys.proof) == 1 then
  return '{"outcome":"proof_spent"}'
end

local send = pending and sends + 1 or 1
-- A third of the code's life may pass in the queue: a quarter by the estimate, as the rate may fall
-- while the send waits. Resends yield to first sends.
local bearable = request.ttl_ms / (send == 1 and 4 or 8)
local backlog = request.test and 0 or backlog_ms()
if backlog > bearable then
  return refused('backlog', nil, backlog, bearable, nil,
    {outcome = 'backlog', wait_ms = backlog - bearable})
end
local id = pending and open or request.verification_id
if request.only and (not pending or id ~= request.only) then
  return '{"outcome":"not_found"}'
end
-- A resend keeps the code, unless there is to be another one for each send. A code is made for one
-- verification and one send.
local code = request.code
if pending and resend_code ~= 'new' and not code.sealed then
  code = nil
elseif request.send ~= send or request.verification_id ~= id then
  return cjson.encode({
    outcome = 'needs_code', send = send, verification_id = pending and open or nil,
    code_length = pending and tonumber(code_length) or nil,
  })
end
local verification_key, code_key = 'otp:verification:' .. id, 'otp:code:' .. id
local send_key = 'otp:send:' .. id .. ':' .. send

for _, limit in ipairs(request.limits) do
  count_event(limit.key, limit.windows, now)
end
if request.budget then
  local key = keys.budget .. math.floor(now / 86400000)
  redis.call('INCR', key)
  redis.call('EXPIRE', key, 86400)
end
local guarded = {}
for _, guard in ipairs(guards) do
  guard_count('otp:guard:' .. guard.name, 'sent', guard.part_ms, now)
  table.insert(guarded, now)
  table.insert(guarded, guard.name)
end
if #guarded > 0 then
  if redis.call('ZADD', 'otp:guarded', unpack(guarded)) > 0 then
    redis.call('ZREMRANGEBYRANK', 'otp:guarded', 0, -1001)
  end
  redis.call('EXPIRE', 'otp:guarded', 7 * 86400)
end
if request.proof_ms then
  redis.call('SET', keys.proof, 1, 'PX', request.proof_ms)
end
if pending then
  redis.call('HSET', verification_key, 'sends', send, 'sent_at', now, 'channel', request.channel)
else
  expires = now + request.ttl_ms
  checks_left, max_sends, resend_ms = request.max_checks, request.max_sends, request.resend_ms
  redis.call('HSET', verification_key,
    'status', 'pending', 'app', request.app, 'channel', request.channel,
    'to', request.masked_to, 'tag', request.tag, 'country', request.country,
    'created', now, 'expires', expires,
    'checks_left', checks_left, 'sends', 1, 'sent_at', now,
    'max_sends', max_sends, 'resend_ms', resend_ms,
    'code_length', code.length, 'resend_code', request.resend_code)
  if request.counted ~= request.tag then
    redis.call('HSET', verification_key, 'counted', request.counted)
  end
  if request.terms then
    redis.call('HSET', verification_key, 'account', request.terms.account)
    -- It has the limits.
    redis.call('SADD', 'otp:apps', request.terms.account)
  end
  redis.call('SET', keys.recipient, id, 'PXAT', expires)
  redis.call('ZREMRANGEBYSCORE', keys.history, '-inf', now)
  redis.call('SADD', 'otp:apps', request.app)
  count_of(now, request.app, 'started', request.channel)
end
-- For a resend too: OTP_KEEP may be longer by now, and what is kept of a recipient must be found.
local kept_until = expires + request.kept_ms
redis.call('ZADD', keys.history, 'GT', kept_until, id)
expire_not_before(keys.history, kept_until, now)
expire_not_before('otp:apps', now + request.apps_ms, now)
-- A resend with the same code leaves the code as it is.
if code then
  redis.call('HSET', code_key,
    'to', request.to, 'kid', code.kid, 'key', code.key, 'generation', code.generation,
    'length', code.length,
    'by_recipient', code.by_recipient, 'by_id', code.by_id)
  if code.sealed then
    redis.call('HSET', code_key, 'sealed', code.sealed)
    redis.call('HSET', verification_key, 'code_length', code.length)
  end
  redis.call('PEXPIREAT', code_key, expires)
end
redis.call('HSET', send_key,
  'status', request.test and 'sent' or 'queued', 'channel', request.channel, 'locale', request.locale, 'attempts', 0,
  'asked', now,
  'generation', code and code.generation or redis.call('HGET', code_key, 'generation'))
if request.sender then
  redis.call('HSET', send_key, 'sender', request.sender)
end
if request.outlet then
  redis.call('HSET', send_key,
    'outlet', request.outlet, 'senders', table.concat(request.senders, ' '))
end
if request.terms then
  redis.call('HSET', send_key, 'app_name', request.terms.app_name)
end
expire_not_before(verification_key, kept_until, now)
redis.call('PEXPIREAT', send_key, kept_until)
if request.test then
  redis.call('HSET', verification_key, 'test', 1)
  count(now, 'sends', request.channel, 'sent')
else
  -- The job wakes a worker now; should it get lost, the sweeper finds the send here.
  redis.call('ZADD', keys.due, now + request.overdue_ms, id .. ':' .. send)
  expire_not_before(keys.due, kept_until, now)
  enqueue(id, send)
end
-- The account's sends, for how many of them had somebody verified.
if request.terms then
  local attempts = 'otp:attempts:' .. request.terms.account
  redis.call('ZADD', attempts, now, id .. ':' .. send)
  redis.call('ZREMRANGEBYSCORE', attempts, '-inf', now - request.ttl_ms - request.kept_ms)
  redis.call('ZREMRANGEBYRANK', attempts, 0, -10001)
  expire_not_before(attempts, kept_until, now)
end
count(now, 'sends_requested', request.channel)
count(now, 'country', request.country, 'requested')
local answer = {
  outcome = 'started',
  verification_id = id,
  send = send,
  channel = request.channel,
  expires_in_ms = expires - now,
  resend_in_ms = tonumber(resend_ms),
  checks_left = tonumber(checks_left),
  sends_left = max_sends - send,
}
if request.terms then
  answer.created, answer.sends = tonumber(redis.call('HGET', verification_key, 'created')), {}
  for n = 1, send do
    local at, channel = unpack(redis.call('HMGET',
      'otp:send:' .. id .. ':' .. n, 'asked', 'channel'))
    answer.sends[n] = {at = tonumber(at), channel = channel}
  end
end
if request.idempotency then
  redis.call('SET', keys.idempotency, request.idempotency .. ' ' .. cjson.encode(answer),
    'PX', request.idempotency_ms)
end
answer.now = now
return cjson.encode(answer)
