-- Record the results of delivery attempts. Only the holder of a claim may, even after its lease
-- expired, until another worker claims the send.
--
-- KEYS 1 due   then of each attempt: send, verification
-- ARGV 1 the request, JSON: breaker_failures, breaker_open_ms
--      then of each attempt, JSON: member (of due), token, attempt, sender, result (accepted |
--        refused | transient | unknown | invalid_recipient), error, provider_id, retry_in_ms
--        (absent: never)
-- Result, in the order of the attempts, the status of each send: sent | queued | failed | delivered |
--        undelivered (its receipt was here first), or lost when the claim was, or broken when its
--        record cannot be written
--
-- Uses: time, counting, batches
local request = cjson.decode(ARGV[1])
local now = now_ms()
local due = KEYS[1]

-- The breaker opens after so many failures in a row, closes with a success, and while it is open
-- lets one attempt through each time its pause is over.
local closed = {}
local function tell_breaker(channel, attempt)
  local breaker = 'otp:breaker:' .. channel .. ':' .. attempt.sender
  if attempt.result == 'accepted' then
    if not closed[breaker] then
      redis.call('DEL', breaker)
      closed[breaker] = true
    end
  elseif attempt.result == 'transient' or attempt.result == 'unknown' then
    closed[breaker] = nil
    if redis.call('HINCRBY', breaker, 'failures', 1) >= request.breaker_failures then
      redis.call('HSET', breaker, 'open_until', now + request.breaker_open_ms)
      count(now, '', named('breaker_opened', channel, attempt.sender))
    end
    redis.call('EXPIRE', breaker, 600)
  end
end

local function record(facts, send, verification)
  local attempt = cjson.decode(facts)
  local token, channel, status, begun, asked =
    unpack(redis.call('HMGET', send, 'token', 'channel', 'status', 'begun', 'asked'))
  if token ~= attempt.token then
    return 'lost'
  end
  tell_breaker(channel, attempt)
  local attempts = named('attempts', channel, attempt.sender, attempt.result)

  local reason, took
  if status == 'sending' then
    status, reason = 'failed', attempt.error
    if attempt.result == 'accepted' then
      status, reason = 'sent', nil
      if asked then
        took = named('to_sent', channel, bound_of(now - asked))
      end
    elseif attempt.retry_in_ms then
      local expires = redis.call('HGET', verification, 'expires')
      if expires and now + attempt.retry_in_ms < tonumber(expires) then
        status = 'queued'
      end
    end
  end
  redis.call('HSET', send, 'status', status, 'attempt:' .. attempt.attempt, cjson.encode({
    sender = attempt.sender, status = attempt.result, error = attempt.error,
    begun = tonumber(begun), at = now, provider_id = attempt.provider_id,
  }))
  redis.call('HDEL', send, 'not_before', 'reason')
  if reason then
    redis.call('HSET', send, 'reason', reason)
  end
  if status == 'queued' then
    redis.call('HSET', send, 'not_before', now + attempt.retry_in_ms)
    redis.call('ZADD', due, now + attempt.retry_in_ms, attempt.member)
    count(now, '', attempts)
  else
    redis.call('ZREM', due, attempt.member)
    local app = redis.call('HGET', verification, 'app')
    count_end(now, app, channel, status, reason, attempts, took)
  end
  -- Last: if Redis refuses a command above, the outcome is recorded again, which takes the token.
  redis.call('HDEL', send, 'token', 'begun', 'by:' .. attempt.attempt)
  return status
end

local answers = {}
for i = 2, #ARGV do
  local status = one_of_many(record, ARGV[i], KEYS[2 * i - 2], KEYS[2 * i - 1])
  table.insert(answers, status or 'broken')
end
return answers
