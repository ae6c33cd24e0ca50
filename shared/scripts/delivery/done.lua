-- Record the results of delivery attempts. Only the holder of a claim may, even after its lease
-- expired, until another worker claims the send.
--
-- KEYS 1 due   then of each attempt: send, verification
-- ARGV 1 breaker_failures   2 breaker_open_ms
--      then of each attempt: member (of due), token, attempt, sender, result (accepted | refused |
--        transient | unknown | invalid_recipient | unreachable), error, provider_id, retry_in_ms; '' is none
-- Result, in the order of the attempts, the status of each send: sent | queued | failed | delivered |
--        undelivered (its receipt was here first), or lost when the claim was, or broken when its
--        record cannot be written
--
-- Uses: time, counting, batches
-- May use: webhooks, workflow
local breaker_failures, breaker_open_ms = tonumber(ARGV[1]), ARGV[2]
local FACTS = 8
local now = now_ms()
local due = KEYS[1]

-- The breaker opens after so many failures in a row, closes with a success, and while it is open
-- lets one attempt through each time its pause is over.
local closed = {}
local function tell_breaker(channel, sender, result)
  local breaker = 'otp:breaker:' .. channel .. ':' .. sender
  if result == 'accepted' then
    if not closed[breaker] then
      redis.call('DEL', breaker)
      closed[breaker] = true
    end
  elseif result == 'transient' or result == 'unknown' then
    closed[breaker] = nil
    if redis.call('HINCRBY', breaker, 'failures', '1') >= breaker_failures then
      redis.call('HSET', breaker, 'open_until', now + breaker_open_ms)
      count(now, '', named('breaker_opened', channel, sender))
    end
    expire_at(breaker, now + 600000)
  end
end

-- Have a field of a hash written with `facts`, or removed with what is `over`.
local function add_or_remove(facts, over, name, value)
  if value then
    facts[#facts + 1], facts[#facts + 2] = name, value
  else
    over[#over + 1] = name
  end
end

-- Count and tell how a send has ended.
local function end_send(member, verification, status, how, ...)
  local app, webhook, workflow =
    unpack(redis.call('HMGET', verification, 'app', 'webhook', 'workflow'))
  count_end(now, app, how.channel, status, how.reason, ...)
  if webhook and (status == 'sent' or status == 'failed') then
    use_webhooks().tell_of_send(now, member, status, how)
  end
  if workflow and status == 'failed' then
    use_workflow().hasten_step(now, member)
  end
end

local function record(first, send, verification)
  local member, made_with, number, sender, result, failure, provider_id, retry_in_ms =
    unpack(ARGV, first, first + FACTS - 1)
  failure = failure ~= '' and failure or nil
  local token, channel, status, claimed, begun, asked =
    unpack(redis.call('HMGET', send, 'token', 'channel', 'status', 'claimed', 'begun', 'asked'))
  if token ~= made_with then
    return 'lost'
  end
  tell_breaker(channel, sender, result)

  local facts = provider_id ~= '' and {'provider_id:' .. number, provider_id} or {}
  local over = {'token', 'begun', 'by:' .. number}
  local reason, took, retry_at
  -- After the lease, another worker has ended the send, and counted and told that.
  local has_ended = status == 'failed' or status == 'dropped'
  -- Queued: after its lease, another worker has left it to others.
  if status == 'sending' or status == 'queued' then
    status, reason = 'failed', result == 'unreachable' and result or failure
    if result == 'accepted' then
      status, reason = 'sent', nil
      if asked then
        took = duration(now, 'to_sent', channel, now - asked)
      end
    elseif retry_in_ms ~= '' then
      local expires = redis.call('HGET', verification, 'expires')
      if expires and now + retry_in_ms < tonumber(expires) then
        status, retry_at = 'queued', text_of(now + retry_in_ms)
      end
    end
    add_or_remove(facts, over, 'reason', reason)
  end
  add_or_remove(facts, over, 'not_before', retry_at)

  redis.call('HSET', send, 'status', status, 'attempt:' .. number, cjson.encode({
    sender = sender, status = result, error = failure, at = now,
    -- The first attempt begins when its send is claimed.
    begun = begun ~= claimed and tonumber(begun) or nil,
  }), unpack(facts))
  local attempts = named('attempts', channel, sender, result)
  if retry_at then
    redis.call('ZADD', due, retry_at, member)
    count(now, '', attempts)
  else
    redis.call('ZREM', due, member)
    if has_ended then
      count(now, '', attempts)
    else
      local how = {channel = channel, sender = sender, reason = reason}
      end_send(member, verification, status, how, attempts, took)
    end
  end
  -- Last: if Redis refuses a command above, the outcome is recorded again, which takes the token.
  redis.call('HDEL', send, unpack(over))
  return status
end

local answers = {}
for i = 2, #KEYS, 2 do
  local status = one_of_many(record, 3 + (i - 2) / 2 * FACTS, KEYS[i], KEYS[i + 1])
  table.insert(answers, status or 'broken')
end
return answers
