-- Write a Service: a new one, or changes to one that is there.
--
-- KEYS 1 the Service   2 the Services of its account
-- ARGV 1 the request, JSON: sid, changes, ttl_ms, most (Services of an account), and base: what it is
--        as long as nothing is stored (absent: then there is none)
-- Result: it, JSON; nothing where there is none, or when there are too many
--
-- Uses: reading, time
local request = cjson.decode(ARGV[1])
local now = now_ms()
local stored = redis.call('GET', KEYS[1])
local service = stored and decoded(stored) or request.base
-- One that cannot be read has no SID.
if not service or service.deleted or not service.sid then
  return
end
if not stored and redis.call('ZCARD', KEYS[2]) >= request.most then
  return
end
service.created = service.created or now
service.updated = now
for name, value in pairs(request.changes) do
  service[name] = value
end
local text = cjson.encode(service)
redis.call('SET', KEYS[1], text, 'PXAT', text_of(now + request.ttl_ms))
if redis.call('ZSCORE', KEYS[2], request.sid) == false then
  redis.call('ZADD', KEYS[2], service.created, request.sid)
end
expire_at(KEYS[2], now + request.ttl_ms)
return text
