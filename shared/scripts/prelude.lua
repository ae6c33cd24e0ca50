-- Stands in front of every other script. All times are Redis's own, in milliseconds.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A caller gives up after a while. What Redis comes to only later must have no effect: the caller
-- was told that it failed, and may ask again.
local function is_late(request, now)
  return request.not_after and now > request.not_after
end

-- What happened: since ever for metrics, and by minute, hour and day for the dashboard. `now` is of
-- the script, so that one event is in one place.
local PERIODS = {
  {name = 'minute', ms = 60000, kept_s = 3 * 3600},
  {name = 'hour', ms = 3600000, kept_s = 8 * 86400},
  {name = 'day', ms = 86400000, kept_s = 90 * 86400},
}
local counted_in
local function count(now, ...)
  local name = table.concat({...}, ':')
  redis.call('HINCRBY', 'otp:counts', name, 1)
  if not counted_in then
    redis.call('EXPIRE', 'otp:counts', 86400)
    counted_in = {}
    for i, period in ipairs(PERIODS) do
      counted_in[i] = 'otp:stats:' .. period.name .. ':' .. math.floor(now / period.ms)
    end
  end
  for i, key in ipairs(counted_in) do
    -- A new name may be the first one of a new hash.
    if redis.call('HINCRBY', key, name, 1) == 1 then
      redis.call('EXPIRE', key, PERIODS[i].kept_s)
    end
  end
end

-- A duration, in the first of these that it does not exceed (in milliseconds).
local BOUNDS = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000}
local function count_duration(now, name, channel, ms)
  local bound = 'inf'
  for i = #BOUNDS, 1, -1 do
    if ms <= BOUNDS[i] then
      bound = BOUNDS[i]
    end
  end
  count(now, name, channel, bound)
end

-- How many sends came to their end, second by second, for the admission of new ones.
local function count_drained(now)
  local key = 'otp:drained:' .. math.floor(now / 1000)
  redis.call('INCR', key)
  redis.call('EXPIRE', key, 10)
end

-- Limits. A list holds the times of the last events, newest last, as many as the largest count
-- of its windows ({count, ms} each): exact for any sliding window, and never longer than that.

-- The milliseconds until one more event fits into every window (0: now), and the window that
-- takes longest.
local function wait_for(list, windows, now)
  local wait, tightest = 0, nil
  for _, window in ipairs(windows) do
    local oldest = redis.call('LINDEX', list, -window.count)
    local left = oldest and oldest + window.ms - now or 0
    if left > wait then
      wait, tightest = left, window
    end
  end
  return wait, tightest
end

local function count_event(list, windows, now)
  local most, longest = 0, 0
  for _, window in ipairs(windows) do
    most = math.max(most, window.count)
    longest = math.max(longest, window.ms)
  end
  redis.call('RPUSH', list, now)
  redis.call('LTRIM', list, -most, -1)
  redis.call('PEXPIRE', list, longest)
end

-- The pumping guard. A hash counts the messages to a range or country, and those that led to a
-- verified number, in 24 parts of the guard's window, so that the old ones fall out by themselves.
local PARTS = 24

-- The counts within the window, and the part that is now.
local function guard_sums(guard, part_ms, now)
  local part = math.floor(now / part_ms)
  local sums = {sent = 0, verified = 0}
  local fields = redis.call('HGETALL', guard)
  for i = 1, #fields, 2 do
    local at, what = string.match(fields[i], '^(%d+):(%a+)$')
    if at and tonumber(at) >= part - PARTS and tonumber(at) <= part then
      sums[what] = sums[what] + fields[i + 1]
    end
  end
  return sums, part
end

local function guard_count(guard, what, part_ms, now)
  local part = math.floor(now / part_ms)
  if redis.call('HINCRBY', guard, part .. ':' .. what, 1) == 1 then
    redis.call('HSET', guard, 'part_ms', part_ms)
    -- Not before this part falls out.
    redis.call('PEXPIRE', guard, part_ms * (PARTS + 1))
    for _, field in ipairs(redis.call('HKEYS', guard)) do
      local at = tonumber(string.match(field, '^(%d+):'))
      if at and (at < part - PARTS or at > part) then
        redis.call('HDEL', guard, field)
      end
    end
  end
end

-- What was refused and why, for the owner: who waits for a resend is only counted.
local function record_refusal(now, refused)
  count(now, 'refused', refused.rule)
  if refused.rule ~= 'resend' then
    refused.at = now
    redis.call('LPUSH', 'otp:refusals', cjson.encode(refused))
    redis.call('LTRIM', 'otp:refusals', 0, 199)
    redis.call('EXPIRE', 'otp:refusals', 86400)
  end
end
