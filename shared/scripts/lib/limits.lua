-- Limits. A list holds the times of the last events, newest last, as many as the largest count of its
-- windows: exact for any sliding window, and never longer than that. A limit is a text such as
-- 5 10 3600000 5/600000 10/3600000: its smallest and its largest count, its longest window in
-- milliseconds, and its windows.
--
-- Uses: time

-- The milliseconds until one more event fits into every window (0: now), and the count and
-- milliseconds of the window that takes longest.
local function wait_for(list, limit, now)
  local wait, most, longest = 0, nil, nil
  local events = redis.call('LLEN', list)
  if events == 0 or events < tonumber(string.match(limit, '^%d+')) then
    return wait
  end
  for count, ms in string.gmatch(limit, '(%d+)/(%d+)') do
    local oldest = tonumber(redis.call('LINDEX', list, '-' .. count))
    local left = oldest and oldest + ms - now or 0
    if left > wait then
      wait, most, longest = left, tonumber(count), tonumber(ms)
    end
  end
  return wait, most, longest
end

local function count_event(list, limit, now)
  local most, longest = string.match(limit, '^%d+ (%d+) (%d+)')
  if redis.call('RPUSH', list, text_of(now)) > tonumber(most) then
    redis.call('LTRIM', list, '-' .. most, '-1')
  end
  expire_at(list, now + longest)
end
