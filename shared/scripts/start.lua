-- Start a verification, or send the code of the pending one again. Everything is checked before
-- anything is written: a refusal leaves no trace.
--
-- KEYS 1 the recipient's open verification   2 verification, 3 code, 4 send as in the request
--      5 due   6 the recipient's failed checks   7 the RQ queue
--      8... one list of send times per limit
-- ARGV 1 the request, JSON, see Store.start   2... RQ's commands that enqueue the delivery, each
--      behind the number of its words
-- Result, JSON: {outcome}, which is
--   started       and verification_id, send, expires_in_ms, resend_in_ms, checks_left, sends_left
--   retry_with    the request is for another verification or send than is now due: ask again
--                 with verification_id (absent: a new one) and send
--   limited       and scope, count, ms (the limit), wait_ms
--   locked        too many failed checks: wait_ms
--   late          the caller has given up
--   backlog       the message would be sent too late: wait_ms
local request = cjson.decode(ARGV[1])
local now = now_ms()

if is_late(request, now) then
  return cjson.encode({outcome = 'late', now = now})
end

local function limited(scope, count, ms, wait)
  return cjson.encode({outcome = 'limited', scope = scope, count = count, ms = ms, wait_ms = wait})
end

-- How long a new send would wait in the queue: what is before it, at the rate of the last seconds;
-- when nothing at all is being sent, at least as long as the first in the queue has waited.
local function backlog_ms()
  local first = redis.call('LINDEX', KEYS[7], 0)
  local id = first and string.match(first, '^(VE%x+)%-%d+$')
  local since = id and redis.call('HGET', 'otp:verification:' .. id, 'sent_at')
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
  return redis.call('LLEN', KEYS[7]) / drained * seconds * 1000
end

local locked = wait_for(KEYS[6], {request.max_failed_checks}, now)
if locked > 0 then
  return cjson.encode({outcome = 'locked', wait_ms = locked})
end

-- A verification stays the recipient's open one when its checks are used up, until it expires;
-- one that was approved or canceled does not.
local open = redis.call('GET', KEYS[1])
local status, expires, sends, sent_at, checks_left, max_sends, resend_ms
if open then
  status, expires, sends, sent_at, checks_left, max_sends, resend_ms = unpack(redis.call('HMGET',
    'otp:verification:' .. open,
    'status', 'expires', 'sends', 'sent_at', 'checks_left', 'max_sends', 'resend_ms'))
end
local live = status and tonumber(expires) > now
-- A Redis that is short of memory may have evicted the code: then there is none to send again.
local pending = live and status == 'pending' and redis.call('EXISTS', 'otp:code:' .. open) == 1
if pending and tonumber(sends) >= tonumber(max_sends) then
  return limited('sends', tonumber(max_sends), request.ttl_ms, expires - now)
end
if live and sent_at + resend_ms > now then
  return limited('resend', 1, tonumber(resend_ms), sent_at + resend_ms - now)
end
for i, limit in ipairs(request.limits) do
  local wait, window = wait_for(KEYS[7 + i], limit.windows, now)
  if wait > 0 then
    return limited(limit.scope, window.count, window.ms, wait)
  end
end

local send = pending and sends + 1 or 1
-- A third of the code's life may pass in the queue: a quarter by the estimate, as the rate may fall
-- while the send waits. Resends yield to first sends.
local bearable = request.ttl_ms / (send == 1 and 4 or 8)
local backlog = backlog_ms()
if backlog > bearable then
  return cjson.encode({outcome = 'backlog', wait_ms = backlog - bearable})
end
if request.send ~= send or (pending and request.verification_id ~= open) then
  return cjson.encode({outcome = 'retry_with', verification_id = pending and open or nil, send = send})
end

for i, limit in ipairs(request.limits) do
  count_event(KEYS[7 + i], limit.windows, now)
end
if pending then
  redis.call('HSET', KEYS[2], 'sends', send, 'sent_at', now, 'channel', request.channel)
else
  expires = now + request.ttl_ms
  checks_left, max_sends, resend_ms = request.max_checks, request.max_sends, request.resend_ms
  redis.call('HSET', KEYS[2],
    'status', 'pending', 'app', request.app, 'channel', request.channel,
    'to', request.masked_to, 'tag', request.tag, 'created', now, 'expires', expires,
    'checks_left', checks_left, 'sends', 1, 'sent_at', now,
    'max_sends', max_sends, 'resend_ms', resend_ms)
  redis.call('SET', KEYS[1], request.verification_id, 'PXAT', expires)
end
-- A resend with the same code leaves the code as it is.
if request.code then
  redis.call('HSET', KEYS[3],
    'to', request.to, 'kid', request.code.kid, 'generation', request.code.generation,
    'length', request.code.length,
    'by_recipient', request.code.by_recipient, 'by_id', request.code.by_id)
  redis.call('PEXPIREAT', KEYS[3], expires)
end
redis.call('HSET', KEYS[4],
  'status', 'queued', 'channel', request.channel, 'locale', request.locale, 'attempts', 0,
  'generation', redis.call('HGET', KEYS[3], 'generation'))
redis.call('PEXPIREAT', KEYS[2], expires + request.kept_ms)
redis.call('PEXPIREAT', KEYS[4], expires + request.kept_ms)
-- The job wakes a worker now; should it get lost, the sweeper finds the send here.
redis.call('ZADD', KEYS[5], now + request.overdue_ms, request.verification_id .. ':' .. send)
redis.call('PEXPIRE', KEYS[5], request.ttl_ms + request.kept_ms)
count('sends_requested', request.channel)
local i = 2
while i <= #ARGV do
  redis.call(unpack(ARGV, i + 1, i + ARGV[i]))
  i = i + 1 + ARGV[i]
end
return cjson.encode({
  outcome = 'started',
  now = now,
  verification_id = request.verification_id,
  send = send,
  expires_in_ms = expires - now,
  resend_in_ms = tonumber(resend_ms),
  checks_left = tonumber(checks_left),
  sends_left = max_sends - send,
})
