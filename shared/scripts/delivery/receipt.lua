-- Record what a provider says later of a delivery attempt. A send only moves forward, whatever
-- the order in which receipts arrive. Only the sender that made the attempt is believed.
--
-- KEYS 1 send   2 due
-- ARGV 1 the request, JSON: senders (the receipt is from one of these, [channel, name] each), member
--        (of due), attempt, outcome (accepted | delivered | undelivered), error, provider_id
-- Result: the status of the send; nothing if none of the senders made that attempt
--
-- Uses: reading, time, counting
local request = cjson.decode(ARGV[1])
local now = now_ms()
local found = redis.pcall('HMGET', KEYS[1],
  'status', 'attempts', 'channel', 'attempt:' .. request.attempt, 'by:' .. request.attempt)
if found.err then
  return nil
end
local status, attempts, channel, line, claimed_by = unpack(found)

-- An attempt has no line until its worker has recorded it. A receipt may come before that.
local attempt = line and decoded(line)
local made_by = attempt and attempt.sender or claimed_by
local believed = false
for _, sender in ipairs(request.senders) do
  believed = believed or (sender[1] == channel and sender[2] == made_by)
end
if not believed then
  return nil
end

if attempt then
  -- A receipt also settles an attempt whose result was unknown.
  if attempt.status == 'unknown' then
    attempt.status, attempt.error = 'accepted', nil
  end
  attempt.provider_id = attempt.provider_id or request.provider_id
  if request.outcome ~= 'accepted' then
    attempt.receipt = {outcome = request.outcome, at = now, error = request.error}
  end
  if request.outcome == 'undelivered' and status ~= 'delivered' then
    attempt.error = request.error
  end
  redis.call('HSET', KEYS[1], 'attempt:' .. request.attempt, cjson.encode(attempt))
end

local latest = request.attempt == tonumber(attempts)
local reached = status
if request.outcome == 'delivered' then
  reached = 'delivered'
elseif request.outcome == 'undelivered' then
  if latest and (status == 'sent' or status == 'sending') then
    reached = 'undelivered'
  elseif latest and status == 'queued' then
    -- The result is known, so the next attempt need not wait.
    redis.call('HDEL', KEYS[1], 'not_before')
    redis.call('ZADD', KEYS[2], now, request.member)
  end
elseif attempt and latest and status == 'queued' then
  reached = 'sent'
end
if reached ~= status then
  redis.call('HSET', KEYS[1], 'status', reached)
  redis.call('HDEL', KEYS[1], 'reason')
  if request.error then
    redis.call('HSET', KEYS[1], 'reason', request.error)
  end
  redis.call('ZREM', KEYS[2], request.member)
  local verification = 'otp:verification:' .. string.match(request.member, '^[^:]+')
  local app = redis.call('HGET', verification, 'app') or OTHER_APPS
  count(now, app, named('receipts', channel, made_by, reached))
end
return reached
