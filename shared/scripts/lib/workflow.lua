-- Workflows. A verification keeps its `workflow`, JSON of [channel, wait_ms] for each step, the last of
-- which has no wait; the number of the `step` that was last started or skipped, from 1; next_step_at; and
-- skipped:N, JSON of a step's reason and time. The timer of the next step is in due, as send 0. Timers
-- come STEPS_FROM after their times, behind all sends, because sweepers look for each of them separately.
--
-- Uses: reading, time, keeping
local STEPS_FROM = {STEPS_FROM}
-- As in worker/deliverer.py.
local UNKNOWN_FENCE_MS = 5000

-- Step number `number`. Nil if there is none.
local function step_of(workflow, number)
  local step = decoded(workflow)[number]
  return type(step) == 'table' and step or nil
end

-- No other step starts.
local function stop_steps(id)
  redis.call('ZREM', 'otp:due', id .. ':0')
  redis.call('HDEL', 'otp:verification:' .. id, 'next_step_at')
end

-- Start the next step at `at`, unless the code has expired by then.
local function time_step(now, id, at, expires)
  if at >= tonumber(expires) then
    stop_steps(id)
    return
  end
  redis.call('HSET', 'otp:verification:' .. id, 'next_step_at', text_of(at))
  redis.call('ZADD', 'otp:due', text_of(STEPS_FROM + at), id .. ':0')
  keep_due(now)
end

-- Note that a step was started or skipped. The next one, if there is one, starts after wait_ms.
local function note_step(now, id, workflow, number, wait_ms, expires)
  redis.call('HSET', 'otp:verification:' .. id, 'step', number)
  if step_of(workflow, number + 1) then
    time_step(now, id, now + (tonumber(wait_ms) or 0), expires)
  else
    stop_steps(id)
  end
end

local function note_skipped(now, id, number, reason)
  redis.call('HSET', 'otp:verification:' .. id, 'skipped:' .. number,
    cjson.encode({reason = reason, at = now}))
end

-- Note that a step was started. Its request may bring the workflow, whose first steps may be skipped.
local function note_started(now, id, request, workflow, number, expires)
  local verification = 'otp:verification:' .. id
  if request.workflow then
    workflow = request.workflow
    redis.call('HDEL', verification, 'skipped:1', 'skipped:2', 'skipped:3', 'skipped:4', 'skipped:5')
    redis.call('HSET', verification, 'workflow', workflow, 'ip_tag', request.ip_tag)
    for _, skipped in ipairs(decoded(request.skipped)) do
      note_skipped(now, id, skipped[1], skipped[2])
    end
  end
  note_step(now, id, workflow, number, step_of(workflow, number)[2], expires)
end

-- Start the next step now, because a send, {verification id}:{number}, has failed and is the newest one.
local function hasten_step(now, member)
  local id, send = string.match(member, '^([^:]+):(%d+)$')
  local workflow, step, sends, status, expires = unpack(redis.call('HMGET', 'otp:verification:' .. id,
    'workflow', 'step', 'sends', 'status', 'expires'))
  if status == 'pending' and all_numbers(step, sends, expires) and tonumber(sends) == tonumber(send)
    and step_of(workflow, step + 1) then
    time_step(now, id, now, expires)
  end
end

-- The number of the next step, if it is by this channel.
local function next_step(workflow, step, channel)
  local number = tonumber(step) and step + 1
  local found = number and step_of(workflow, number)
  return found and found[1] == channel and number or nil
end

-- Whether a timer may start its step: the next one of the recipient's pending verification, at its time.
local function is_due(now, request, pending_id, next_number)
  if pending_id ~= request.only then
    stop_steps(request.only)
    return false
  end
  local at = tonumber(redis.call('HGET', 'otp:verification:' .. pending_id, 'next_step_at'))
  return next_number == tonumber(request.step) and at ~= nil and at <= now
end

-- Until when messages may still arrive that no provider has confirmed: no step starts before.
local function fenced_until(id, sends)
  local latest = 0
  for n = 1, tonumber(sends) do
    local send = 'otp:send:' .. id .. ':' .. n
    local attempts = redis.call('HGET', send, 'attempts') or 0
    local attempt = decoded(redis.call('HGET', send, 'attempt:' .. attempts))
    if attempt.status == 'unknown' and tonumber(attempt.at) then
      latest = math.max(latest, attempt.at + UNKNOWN_FENCE_MS)
    end
  end
  return latest
end

return {
  stop_steps = stop_steps, time_step = time_step, note_step = note_step,
  note_skipped = note_skipped, note_started = note_started, hasten_step = hasten_step,
  next_step = next_step, is_due = is_due, fenced_until = fenced_until,
}
