-- Notice verifications that have expired, and take events that are due for an attempt to deliver them.
-- What cannot be read, because another version wrote it, is left out.
--
-- ARGV 1 the most to take   2 the most of them for unproven endpoints   3 lease_ms: until then nobody
--      else takes them   4... apps, each before how many of its events the caller has under way
-- Result: the milliseconds until the caller can take another one, or -1; how many unproven endpoints
--         have an event that is due and was left; then of each event its id, its hash as HGETALL gives
--         it, the mark of the app's endpoint if that wants no more events, or '', and 1 if the endpoint
--         is unproven
--
-- Uses: time, endpoints
-- May use: webhooks
local MOST_OF_AN_APP = 32
local MOST_ENDS = 500
local now = now_ms()
local most, most_unproven, lease_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local under_way, busy_apps, taken = {}, 0, {}
for i = 4, #ARGV, 2 do
  under_way[ARGV[i]] = tonumber(ARGV[i + 1])
  busy_apps = busy_apps + 1
end

local function due(key, at_most)
  return redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, at_most)
end

-- Take up to so many events of an app. Returns the id of the last one.
local function take_of(app, endpoint, at_most)
  local last
  local ids = due(WAITING .. app, at_most)
  while #ids > 0 and at_most > 0 do
    for _, id in ipairs(ids) do
      local event = redis.pcall('HGETALL', EVENT .. id)
      if event.err or #event == 0 then
        drop_event(app, id)
      else
        redis.call('ZADD', WAITING .. app, text_of(now + lease_ms), id)
        table.insert(taken, {id, event, endpoint.off or '', endpoint.successes > 0 and 0 or 1})
        at_most = at_most - 1
        last = id
      end
    end
    ids = due(WAITING .. app, at_most)
  end
  return last
end

local function places_of(app, endpoint)
  return math.min(MOST_OF_AN_APP, 1 + endpoint.successes) - (under_way[app] or 0)
end

for _, id in ipairs(due(ENDS, MOST_ENDS)) do
  local found = redis.pcall('HMGET', 'otp:verification:' .. id, 'status', 'expires')
  if found[1] == 'pending' and (tonumber(found[2]) or 0) <= now then
    use_webhooks().tell(now, id, 'verification.expired')
  end
  redis.call('ZREM', ENDS, id)
end
for _, app in ipairs(due(PROVEN, most > 0 and most + busy_apps or 0)) do
  local endpoint = endpoint_of(app)
  local places = math.min(most - #taken, places_of(app, endpoint))
  if places > 0 then
    take_of(app, endpoint, places)
    schedule_app(now, app, endpoint)
  end
end
for _, app in ipairs(due(UNPROVEN, math.max(0, math.min(most - #taken, most_unproven)))) do
  local endpoint = endpoint_of(app)
  endpoint.probe = take_of(app, endpoint, 1)
  if endpoint.probe then
    endpoint.rests = now + lease_ms
    redis.call('HSET', ENDPOINT .. app, 'probe', endpoint.probe, 'rests', text_of(endpoint.rests))
    expire_at(ENDPOINT .. app, now + ENDPOINT_MS)
    most_unproven = most_unproven - 1
  end
  schedule_app(now, app, endpoint)
end

-- When the first of a list is due, without apps that have no place left.
local function first_in(key, at_most)
  local found = redis.call('ZRANGE', key, 0, at_most - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    if not under_way[found[i]] or places_of(found[i], endpoint_of(found[i])) > 0 then
      return math.max(0, found[i + 1] - now)
    end
  end
end

local next_ms = first_in(ENDS, 1) or -1
for _, one in ipairs({{PROVEN, busy_apps + 1, most - #taken}, {UNPROVEN, 1, most_unproven}}) do
  local key, at_most, room = unpack(one)
  local wait = room > 0 and most > #taken and first_in(key, at_most)
  if wait then
    next_ms = next_ms < 0 and wait or math.min(next_ms, wait)
  end
end
return {next_ms, redis.call('ZCOUNT', UNPROVEN, '-inf', now), taken}
