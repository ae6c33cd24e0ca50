-- All times are Redis's own, in milliseconds. Scripts take the time from now_ms() alone, have keys
-- expire at a time, and never ask when one expires. So the simulation can replace the clock here
-- (tests/simulation/clock.py), and decisions don't depend on two clocks.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- For an argument of redis.call, which formats numbers as %.17g, at a tenth of what a start costs.
-- Scripts need the same times again and again.
local texts = {}
local function text_of(number)
  local text = texts[number]
  if not text then
    text = string.format('%d', number)
    texts[number] = text
  end
  return text
end

-- A caller gives up after a while. What Redis comes to only later must have no effect: the caller
-- was told that it failed, and may ask again.
local function is_late(request, now)
  return request.not_after and now > tonumber(request.not_after)
end

local function expire_at(key, at)
  redis.call('PEXPIREAT', key, text_of(at))
end
