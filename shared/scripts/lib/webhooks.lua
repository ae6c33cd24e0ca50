-- Events for an app's own backend. The script that makes a change writes its event too, so no
-- crash can lose it. Workers deliver them (webhooks/take_events.lua).
--
-- An app has a queue of events by when they are due. The app itself is in one of two lists by when a
-- worker is to look at its queue: PROVEN if its endpoint took its last event, else UNPROVEN. Workers
-- keep most places for the first, so endpoints that hang leave the others alone.
--
-- Uses: time, counting
local PROVEN, UNPROVEN = 'otp:webhooks', 'otp:webhooks:unproven'
local WAITING, ENDPOINT = 'otp:webhooks:app:', 'otp:webhooks:endpoint:'
local EVENT, RECENT = 'otp:webhook:', 'otp:webhooks:recent'
local SINCE, ENDS = 'otp:webhooks:since', 'otp:webhooks:ends'
-- Of all apps together. What is beyond that is given up, and counted.
local MOST_WAITING = 50000
local EVENT_MS, ENDPOINT_MS = 3 * 86400000, 30 * 86400000
local MOST_RECENT = 100

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

local function write_event(now, id, app, event, trace)
  count(now, '', 'webhooks:written')
  if redis.call('ZCARD', SINCE) >= MOST_WAITING then
    count(now, '', 'webhooks:given_up')
    return
  end
  redis.call('HSET', EVENT .. id, 'app', app, 'event', cjson.encode(event), 'attempts', '0')
  if trace then
    redis.call('HSET', EVENT .. id, 'trace', trace)
  end
  expire_at(EVENT .. id, now + EVENT_MS)
  for _, key in ipairs({WAITING .. app, SINCE}) do
    redis.call('ZADD', key, text_of(now), id)
    expire_at(key, now + EVENT_MS)
  end
  schedule_app(now, app, endpoint_of(app), true)
  redis.call('LPUSH', RECENT, id)
  redis.call('LTRIM', RECENT, 0, MOST_RECENT - 1)
  expire_at(RECENT, now + EVENT_MS)
end

-- Tell the app of a change of its verification. The revision puts the events of a verification in
-- order. Call it only for a verification that has `webhook`: its app wants to know.
local function tell(now, id, event_type, facts)
  local verification = 'otp:verification:' .. id
  local app, account, channel, to, trace =
    unpack(redis.call('HMGET', verification, 'app', 'account', 'channel', 'to', 'trace'))
  local revision = redis.pcall('HINCRBY', verification, 'revision', '1')
  if type(revision) ~= 'number' then
    -- Another version wrote something else there. The change itself must not fail.
    return
  end
  local event = {
    type = event_type, at = now, verification_id = id, app = account or app,
    service = account and app or nil, channel = channel, to = to, revision = revision,
  }
  for name, value in pairs(facts or {}) do
    event[name] = value
  end
  write_event(now, id .. '-' .. text_of(revision), event.app, event, trace)
end

-- The same when it starts. A worker has to notice when it expires.
local function tell_start(now, id, expires)
  tell(now, id, 'verification.started')
  redis.call('ZADD', ENDS, expires, id)
  local last = redis.call('ZRANGE', ENDS, '-1', '-1', 'WITHSCORES')[2]
  expire_at(ENDS, last + EVENT_MS)
end

-- The same when the verification has ended: no worker need look whether it expires.
local function tell_end(now, id, status)
  tell(now, id, 'verification.' .. status)
  redis.call('ZREM', ENDS, id)
end

-- The same for a send, {verification id}:{number}, which is sent, delivered, undelivered, failed or
-- dropped now.
local function tell_of_send(now, member, status, facts)
  local id, send = string.match(member, '^([^:]+):(%d+)$')
  facts.send, facts.status = tonumber(send), status
  tell(now, id, 'send.' .. (status == 'sent' and 'accepted' or status), facts)
end
