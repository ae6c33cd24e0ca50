-- When the send was requested that has waited longest in the RQ queue. Nil if the queue is empty or
-- nothing in it can be read. The first jobs can be foreign, or their sends erased: look behind them.
--
-- Uses: time
local function waiting_since(queue)
  for i = 0, 99 do
    local id = redis.call('LINDEX', queue, text_of(i))
    if not id then
      return nil
    end
    local verification, send = string.match(id, '^(VE%x+)%-(%d+)$')
    local asked = verification
      and redis.pcall('HGET', 'otp:send:' .. verification .. ':' .. send, 'asked')
    if type(asked) == 'string' and tonumber(asked) then
      return tonumber(asked)
    end
  end
end

-- How long a new send would wait in the queue: what is before it, at the rate of the last seconds;
-- when nothing at all is being sent, at least as long as the first in the queue has waited. A queue in
-- which nobody has waited for `patience_ms` may just be catching up: 0.
local function backlog_ms(queue, now, patience_ms)
  local since = waiting_since(queue)
  if not since or now - since < patience_ms then
    return 0
  end
  -- The last seconds in which the queue was not empty: no others tell how fast it can go.
  local this_second = math.floor(now / 1000)
  local first, drained = math.max(this_second - 4, math.ceil(since / 1000)), 0
  for second = first, this_second do
    drained = drained + (redis.call('GET', 'otp:drained:' .. second) or 0)
  end
  if drained == 0 then
    return now - since
  end
  return redis.call('LLEN', queue) / drained * (now - first * 1000)
end

-- Add the job that wakes a worker up. RQ reads it like one of its enqueue_call and its JSON serializer:
-- `data` is not compressed, the fields without a value are left out, and nothing is kept forever.
-- Call it with is_first about once a minute: what it keeps alive stays for a day.
local function enqueue(now, queue, id, send, ttl_seconds, enqueued_at, is_first)
  local job = id .. '-' .. send
  redis.call('HSET', 'rq:job:' .. job,
    'data', '["worker.delivery.deliver", null, ["' .. id .. '", ' .. send .. '], {}]',
    'status', 'queued', 'origin', 'otp', 'description', 'deliver',
    'created_at', enqueued_at, 'enqueued_at', enqueued_at,
    'timeout', '180', 'ttl', ttl_seconds, 'result_ttl', '0', 'failure_ttl', ttl_seconds)
  expire_at('rq:job:' .. job, now + ttl_seconds * 1000)
  if redis.call('RPUSH', queue, job) == 1 or is_first then
    expire_at(queue, now + 86400000)
  end
  if is_first then
    redis.call('SADD', 'rq:queues', queue)
    expire_at('rq:queues', now + 86400000)
  end
end
