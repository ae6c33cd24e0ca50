-- Record what became of a delivery attempt. Only the holder of the claim may; it may also after
-- its lease is over, as long as nobody else has claimed the send.
--
-- KEYS 1 send   2 verification   3 due
-- ARGV 1 the request, JSON: member (of due), token, attempt, sender, result (accepted | refused |
--        transient | unknown | invalid_recipient), error, provider_id, retry_in_ms (absent: never),
--        breaker_failures, breaker_open_ms
-- Result: the status of the send: sent | queued | failed | delivered | undelivered (its receipt was
--        here first), or lost when the claim was
local request = cjson.decode(ARGV[1])
local now = now_ms()
local token, channel, status, begun, asked = unpack(redis.call('HMGET', KEYS[1],
  'token', 'channel', 'status', 'begun', 'asked'))
if token ~= request.token then
  return 'lost'
end

-- The breaker opens after so many failures in a row, closes with a success, and while it is open
-- lets one attempt through each time its pause is over.
local breaker = 'otp:breaker:' .. channel .. ':' .. request.sender
if request.result == 'accepted' then
  redis.call('DEL', breaker)
elseif request.result == 'transient' or request.result == 'unknown' then
  if redis.call('HINCRBY', breaker, 'failures', 1) >= request.breaker_failures then
    redis.call('HSET', breaker, 'open_until', now + request.breaker_open_ms)
    count(now, 'breaker_opened', channel, request.sender)
  end
  redis.call('EXPIRE', breaker, 600)
end
count(now, 'attempts', channel, request.sender, request.result)

local reason
if status == 'sending' then
  status, reason = 'failed', request.error
  if request.result == 'accepted' then
    status, reason = 'sent', nil
    count_duration(now, 'to_sent', channel, now - asked)
  elseif request.retry_in_ms then
    local expires = redis.call('HGET', KEYS[2], 'expires')
    if expires and now + request.retry_in_ms < tonumber(expires) then
      status = 'queued'
    end
  end
end
redis.call('HDEL', KEYS[1], 'token', 'not_before', 'begun', 'reason')
redis.call('HSET', KEYS[1], 'status', status, 'attempt:' .. request.attempt, cjson.encode({
  sender = request.sender, status = request.result, error = request.error,
  begun = tonumber(begun), at = now, provider_id = request.provider_id,
}))
if reason then
  redis.call('HSET', KEYS[1], 'reason', reason)
end
if status == 'queued' then
  redis.call('HSET', KEYS[1], 'not_before', now + request.retry_in_ms)
  redis.call('ZADD', KEYS[3], now + request.retry_in_ms, request.member)
else
  redis.call('ZREM', KEYS[3], request.member)
  count(now, 'sends', channel, status, reason)
  count_drained(now)
end
return status
