-- All times are Redis's own, in milliseconds. Scripts take the time from now_ms() alone, have keys
-- expire at a time, and never ask when one expires. So the simulation can replace the clock here
-- (tests/simulation/clock.py), and decisions don't depend on two clocks.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- For an argument of redis.call, which formats numbers as %.17g, at a tenth of what a start costs.
local function text_of(number)
  return string.format('%d', number)
end

-- A caller gives up after a while. What Redis comes to only later must have no effect: the caller
-- was told that it failed, and may ask again.
local function is_late(request, now)
  return request.not_after and now > tonumber(request.not_after)
end

-- `at` is a number, or its text.
local function expire_at(key, at)
  redis.call('PEXPIREAT', key, type(at) == 'number' and text_of(at) or at)
end
