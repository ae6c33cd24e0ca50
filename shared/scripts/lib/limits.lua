-- Limits. A list holds the times of the last events, newest last, as many as the largest count of its
-- windows: exact for any sliding window, and never longer than that. A window is {count, ms, and the
-- place in the list of the `oldest` event that fits}.
--
-- Uses: time

-- From a text such as 5/600000 10/3600000.
local function windows_of(text)
  local windows = {}
  for count, ms in string.gmatch(text, '(%d+)/(%d+)') do
    table.insert(windows, {count = tonumber(count), ms = tonumber(ms), oldest = '-' .. count})
  end
  return windows
end

-- The milliseconds until one more event fits into every window (0: now), and the window that
-- takes longest.
local function wait_for(list, windows, now)
  local wait, tightest = 0, nil
  for _, window in ipairs(windows) do
    local oldest = tonumber(redis.call('LINDEX', list, window.oldest))
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
  if redis.call('RPUSH', list, now) > most then
    redis.call('LTRIM', list, -most, -1)
  end
  redis.call('PEXPIRE', list, text_of(longest))
end
