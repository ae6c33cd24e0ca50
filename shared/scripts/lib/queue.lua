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
  -- The last whole seconds in which the queue was not empty: no others tell how fast it can go.
  local this_second = math.floor(now / 1000)
  local seconds, drained = math.min(5, this_second - math.ceil(since / 1000)), 0
  for ago = 1, seconds do
    drained = drained + (redis.call('GET', 'otp:drained:' .. (this_second - ago)) or 0)
  end
  if drained == 0 then
    return now - since
  end
  return redis.call('LLEN', queue) / drained * seconds * 1000
end
