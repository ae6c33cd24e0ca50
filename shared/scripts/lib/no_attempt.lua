-- What claim.lua answers for a send that gets no delivery attempt now. `it` is the send: member (of due),
-- key, status, attempts, channel, locale and outlet, and the app and trace of its verification.
--
-- Uses: time, counting, attempts
-- May use: webhooks, workflow

-- Leave a send to other workers, which look at it at `at`.
local function leave(it, at, reason)
  redis.call('HSET', it.key, 'status', 'queued')
  redis.call('ZADD', 'otp:due', text_of(at), it.member)
  return {outcome = 'left', reason = reason, trace = it.trace}
end

local function wait(it, at)
  redis.call('HSET', it.key, 'status', 'queued', 'not_before', text_of(at))
  redis.call('ZADD', 'otp:due', text_of(at), it.member)
  return {outcome = 'not_due'}
end

-- End a send as dropped or failed.
local function finish(now, it, verification, status, reason)
  redis.call('HSET', it.key, 'status', status, 'reason', reason)
  redis.call('ZREM', 'otp:due', it.member)
  count_end(now, it.app, it.channel, status, reason)
  local webhook, workflow = unpack(redis.call('HMGET', verification, 'webhook', 'workflow'))
  if webhook then
    use_webhooks().tell_of_send(now, it.member, status, {channel = it.channel, reason = reason})
  end
  if workflow and status == 'failed' then
    use_workflow().hasten_step(now, it.member)
  end
  return {outcome = status, reason = reason, trace = it.trace}
end

-- Tell a sender how the verification of its message ended, at most once.
local function conclude(it, verification)
  local told = redis.call('HGET', it.key, 'conclusion')
  if not told then
    return {outcome = 'not_due'}
  end
  redis.call('HDEL', it.key, 'conclusion')
  local conclusion = cjson.decode(told)
  for i = tonumber(it.attempts), 1, -1 do
    local past = attempt_of(it.key, i)
    if past and past.provider_id then
      return {
        outcome = 'claimed', ended = conclusion.ended, attempt = i, sender = past.sender, app = '',
        untried = 0, others = 0, to = '', channel = it.channel, locale = it.locale, life_ms = 0,
        kid = conclusion.kid or '', generation = tonumber(conclusion.generation) or 0,
        length = tonumber(conclusion.length) or 0, outlet = it.outlet or '',
        provider_id = past.provider_id, trace = redis.call('HGET', verification, 'trace') or nil,
      }
    end
  end
  return {outcome = 'not_due'}
end

return {leave = leave, wait = wait, finish = finish, conclude = conclude}
