-- Record what a provider says later of a delivery attempt. A send only moves forward, whatever
-- the order in which receipts arrive. Only the sender that made the attempt is believed.
--
-- KEYS 1 send   2 due
-- ARGV 1 the request, JSON: senders (the receipt is from one of these, [channel, name] each), member
--        (of due), attempt (or else the newest one of these senders), outcome (accepted | delivered |
--        undelivered | unreachable), error, provider_id
-- Result: the status of the send, its channel, the sender, and trace (of the start) if there is one;
--         nothing if none of the senders made that attempt
--
-- Uses: reading, time, counting
-- May use: webhooks, workflow
local request = cjson.decode(ARGV[1])
local now = now_ms()
local unreachable = request.outcome == 'unreachable'
local undelivered = unreachable or request.outcome == 'undelivered'

local found = redis.pcall('HMGET', KEYS[1], 'status', 'attempts', 'channel')
if found.err then
  return nil
end
local status, attempts, channel = found[1], tonumber(found[2]) or 0, found[3]

-- An attempt and its sender, if that is one of the senders. An attempt has no line until its worker has
-- recorded it. A receipt may come before that.
local function believed(number)
  local line, claimed_by = unpack(redis.call('HMGET', KEYS[1], 'attempt:' .. number, 'by:' .. number))
  local attempt = line and decoded(line)
  local made_by = attempt and attempt.sender or claimed_by
  for _, sender in ipairs(request.senders) do
    if sender[1] == channel and sender[2] == made_by then
      return made_by, attempt
    end
  end
end

local number = request.attempt or attempts
local made_by, attempt = believed(number)
while not made_by and not request.attempt and number > 1 do
  number = number - 1
  made_by, attempt = believed(number)
end
if not made_by then
  return nil
end

if attempt then
  -- A receipt also settles an attempt whose result was unknown.
  if attempt.status == 'unknown' then
    attempt.status, attempt.error = 'accepted', nil
  end
  if undelivered and status ~= 'delivered' then
    attempt.error = request.error
  end
  redis.call('HSET', KEYS[1], 'attempt:' .. number, cjson.encode(attempt))
  -- Beside it, as lib/attempts.lua says.
  if request.provider_id and not attempt.provider_id then
    redis.call('HSETNX', KEYS[1], 'provider_id:' .. number, request.provider_id)
  end
  if request.outcome ~= 'accepted' then
    redis.call('HSET', KEYS[1], 'receipt:' .. number,
      cjson.encode({outcome = request.outcome, at = now, error = request.error}))
  end
end

local latest = number == attempts
local reached = status
if request.outcome == 'delivered' then
  reached = 'delivered'
elseif undelivered then
  -- No other attempt reaches a person who is not on this channel.
  if latest and (status == 'sent' or status == 'sending' or (unreachable and status == 'queued')) then
    reached = 'undelivered'
  elseif latest and status == 'queued' then
    -- The result is known, so the next attempt need not wait.
    redis.call('HDEL', KEYS[1], 'not_before')
    redis.call('ZADD', KEYS[2], now, request.member)
  end
elseif attempt and latest and status == 'queued' then
  reached = 'sent'
end
local verification = 'otp:verification:' .. string.match(request.member, '^[^:]+')
local app, webhook, workflow, trace =
  unpack(redis.call('HMGET', verification, 'app', 'webhook', 'workflow', 'trace'))
if reached ~= status then
  redis.call('HSET', KEYS[1], 'status', reached)
  redis.call('HDEL', KEYS[1], 'reason')
  local reason = unreachable and request.outcome or request.error
  if reason then
    redis.call('HSET', KEYS[1], 'reason', reason)
  end
  redis.call('ZREM', KEYS[2], request.member)
  count(now, app or OTHER_APPS, named('receipts', channel, made_by, reached))
  if webhook then
    use_webhooks().tell_of_send(now, request.member, reached,
      {channel = channel, sender = made_by, reason = reason})
  end
  if workflow and reached == 'undelivered' then
    use_workflow().hasten_step(now, request.member)
  end
end
return {reached, channel, made_by, trace or nil}
