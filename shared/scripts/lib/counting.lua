-- What happened, for metrics and the dashboard. A script notes everything that it counts at a time in
-- one field of a hash, and lib/rolling_up.lua adds the fields up by minute, hour, day and app.
--
-- Uses: time
local OTHER_APPS = '*'

-- Count events by their names, which may come in one text with line breaks between them. The first one
-- is counted for an app, too, unless that is ''. Times, countries and senders are not counted by app.
-- Returns whether these events are the first in their minute, or since the last were added up.
local function count(now, app, ...)
  local event = text_of(now / 60000) .. '\n' .. app .. '\n' .. table.concat({...}, '\n')
  local is_first = redis.call('HINCRBY', 'otp:events', event, '1') == 1
  if is_first then
    expire_at('otp:events', now + 86400000)
  end
  return is_first
end

local function named(...)
  return table.concat({...}, ':')
end

-- Count a send that came to its end, and others by their names. How many do in a second is for the
-- admission of new ones. `app` is false if the verification is gone.
local function count_end(now, app, channel, status, reason, ...)
  local drained = 'otp:drained:' .. text_of(now / 1000)
  if redis.call('INCR', drained) == 1 then
    expire_at(drained, now + 10000)
  end
  count(now, app or OTHER_APPS, named('sends', channel, status, reason), ...)
end

-- A duration, in the first bucket of scripts.py that it does not exceed.
local function bound_of(ms)
  for _, bound in ipairs({{BOUNDS_MS}}) do
    if ms <= bound then
      return bound
    end
  end
  return 'inf'
end

-- Add a duration to the sum of its kind, and return the name of its bucket, which is to be counted.
local function duration(now, kind, channel, ms)
  local sum = text_of(now / 60000) .. '\n\nsum:' .. kind .. ':' .. channel
  redis.call('HINCRBY', 'otp:events', sum, text_of(math.max(0, ms) * 1000))
  return named(kind, channel, bound_of(ms))
end
