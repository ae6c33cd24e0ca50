-- Events for an app's own backend. The script that makes a change writes its event too, so no
-- crash can lose it. Workers deliver them (webhooks/take_events.lua).
--
-- Uses: time, counting, endpoints
-- Of all apps together. What is beyond that is given up, and counted.
local MOST_WAITING = 50000
local MOST_RECENT = 100

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

return {
  write_event = write_event, tell = tell, tell_start = tell_start, tell_end = tell_end,
  tell_of_send = tell_of_send,
}
