-- The endpoints that apps have for events, and the events that wait for them (lib/webhooks.lua).
--
-- An app has a queue of events by when they are due. The app itself is in one of two lists by when a
-- worker is to look at its queue: PROVEN if its endpoint took its last event, else UNPROVEN. Workers
-- keep most places for the first, so endpoints that hang leave the others alone.
--
-- Uses: time
local PROVEN, UNPROVEN = 'otp:webhooks', 'otp:webhooks:unproven'
local WAITING, ENDPOINT = 'otp:webhooks:app:', 'otp:webhooks:endpoint:'
local EVENT, RECENT = 'otp:webhook:', 'otp:webhooks:recent'
local SINCE, ENDS = 'otp:webhooks:since', 'otp:webhooks:ends'
local EVENT_MS, ENDPOINT_MS = 3 * 86400000, 30 * 86400000

-- How an app's endpoint has answered. `successes` since it failed last, and `failures` since it
-- succeeded last. It rests until `rests`, and meanwhile only the event `probe` is tried. `off` marks one
-- that wants no more events.
local function endpoint_of(app)
  local found = redis.pcall('HMGET', ENDPOINT .. app, 'successes', 'failures', 'rests', 'probe', 'off')
  if found.err then
    -- Another version wrote something else there.
    redis.call('DEL', ENDPOINT .. app)
    found = {}
  end
  return {
    successes = tonumber(found[1]) or 0, failures = tonumber(found[2]) or 0,
    rests = tonumber(found[3]) or 0, probe = found[4], off = found[5],
  }
end

-- Have a worker look at an app when its next event is due, and not while its endpoint rests. `sooner`
-- leaves it where it is in the list if that is before. Else it goes behind those that are due already,
-- so an app with many events cannot take every place.
local function schedule_app(now, app, endpoint, sooner)
  local list, other = UNPROVEN, PROVEN
  if endpoint.successes > 0 then
    list, other = PROVEN, UNPROVEN
  end
  redis.call('ZREM', other, app)
  local first = redis.call('ZRANGE', WAITING .. app, 0, 0, 'WITHSCORES')[2]
  if not first then
    redis.call('ZREM', list, app)
    return
  end
  local due = math.max(now, first, endpoint.rests)
  redis.call('ZADD', list, sooner and 'LT' or 'CH', text_of(due), app)
  expire_at(list, now + EVENT_MS)
end

-- The app of an event, or nil if the event is not kept any longer.
local function app_of(id)
  local app = redis.pcall('HGET', EVENT .. id, 'app')
  return type(app) == 'string' and app or nil
end

-- Forget an event that waits.
local function drop_event(app, id)
  redis.call('ZREM', WAITING .. app, id)
  redis.call('ZREM', SINCE, id)
end
