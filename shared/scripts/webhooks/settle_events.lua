-- Record attempts to deliver events.
--
-- ARGV of each: id   answer: an HTTP status, or a word for why there is none   result: delivered, failed
--      or given_up   retry_in_ms, if it failed   1 if the endpoint has failed, or 0   the mark of an
--      endpoint that wants no more events, or ''
--
-- Uses: time, counting, endpoints
-- From one failure to the next, an endpoint rests twice as long.
local FIRST_REST_MS, LONGEST_REST_MS = 5000, 300000
local now = now_ms()

-- What the answer says of the endpoint. Of requests that were under way together, one failure counts.
local function judge(app, id, result, has_failed, off)
  local endpoint, key = endpoint_of(app), ENDPOINT .. app
  if result == 'delivered' then
    endpoint.successes, endpoint.rests = endpoint.successes + 1, 0
    redis.call('HINCRBY', key, 'successes', '1')
    redis.call('HDEL', key, 'failures', 'rests', 'probe')
  elseif has_failed and (endpoint.probe == id or endpoint.rests <= now) then
    endpoint.successes = 0
    endpoint.rests = now + math.min(FIRST_REST_MS * 2 ^ endpoint.failures, LONGEST_REST_MS)
    redis.call('HDEL', key, 'successes', 'probe')
    redis.call('HINCRBY', key, 'failures', '1')
    redis.call('HSET', key, 'rests', text_of(endpoint.rests))
  elseif endpoint.probe == id then
    endpoint.rests = 0
    redis.call('HDEL', key, 'rests', 'probe')
  end
  if off ~= '' then
    redis.call('HSET', key, 'off', off)
  end
  expire_at(key, now + ENDPOINT_MS)
  schedule_app(now, app, endpoint, result == 'delivered')
end

for i = 1, #ARGV, 6 do
  local id, answer, result, retry_in_ms, has_failed, off = unpack(ARGV, i, i + 5)
  local app = app_of(id)
  if app then
    redis.call('HINCRBY', EVENT .. id, 'attempts', '1')
    -- After its lease, another worker may have delivered it. That stays so.
    if result == 'delivered' or redis.call('ZSCORE', WAITING .. app, id) then
      redis.call('HSET', EVENT .. id, 'answer', answer, 'answered', text_of(now), 'result', result)
    end
    count(now, '', named('webhooks', result))
    if result == 'failed' then
      redis.call('ZADD', WAITING .. app, 'XX', text_of(now + retry_in_ms), id)
    else
      drop_event(app, id)
    end
    judge(app, id, result, has_failed == '1', off)
  end
end
