-- Record what a provider says later of a delivery attempt. A send only moves forward, whatever
-- the order in which receipts arrive.
--
-- KEYS 1 send   2 due
-- ARGV 1 the request, JSON: member (of due), attempt, outcome (accepted | delivered | undelivered),
--        error, provider_id
-- Result: the status of the send, or nothing where there is none
local request = cjson.decode(ARGV[1])
local now = now_ms()
local status, attempts, channel, line = unpack(redis.call('HMGET', KEYS[1],
  'status', 'attempts', 'channel', 'attempt:' .. request.attempt))
if not status or request.attempt > tonumber(attempts) then
  return status
end

-- It also answers an attempt that was left without one.
local sender = 'unknown'
if line then
  local attempt = cjson.decode(line)
  if attempt.status == 'unknown' then
    attempt.status, attempt.error = 'accepted', nil
  end
  sender = attempt.sender
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
    -- Nobody has to wait any longer for what became of it.
    redis.call('HDEL', KEYS[1], 'not_before')
    redis.call('ZADD', KEYS[2], now, request.member)
  end
elseif line and latest and status == 'queued' then
  reached = 'sent'
end
if reached ~= status then
  redis.call('HSET', KEYS[1], 'status', reached)
  redis.call('HDEL', KEYS[1], 'reason')
  if request.error then
    redis.call('HSET', KEYS[1], 'reason', request.error)
  end
  redis.call('ZREM', KEYS[2], request.member)
  count(now, 'receipts', channel, sender, reached)
end
return reached
