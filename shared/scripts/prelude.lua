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

-- What metrics show, in one hash that ends a day after the last event.
local function count(...)
  redis.call('HINCRBY', 'otp:counts', table.concat({...}, ':'), 1)
  redis.call('EXPIRE', 'otp:counts', 86400)
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
