-- Claim a send for one delivery attempt, directly before its provider is called: this is also
-- the last look whether the code is still wanted.
--
-- KEYS 1 send   2 verification   3 code   4 due
-- ARGV 1 the request, JSON: member (of due), token, lease_ms, min_life_ms, max_attempts
-- Result, JSON: {outcome}, which is
--   claimed    and attempt (its number), past {sender, status, …} per past attempt, to, channel,
--              locale, kid, generation, length, life_ms
--   dropped    and reason (approved | canceled | max_attempts_reached | expired | superseded)
--   failed     and reason (out_of_attempts)
--   not_due    somebody else has it, it is over, or it is waiting to be tried again
local request = cjson.decode(ARGV[1])
local now = now_ms()

local function over(status, reason)
  redis.call('HSET', KEYS[1], 'status', status, 'reason', reason)
  redis.call('ZREM', KEYS[4], request.member)
  return cjson.encode({outcome = status, reason = reason})
end

local status, not_before, attempts, channel, locale, generation = unpack(redis.call('HMGET',
  KEYS[1], 'status', 'not_before', 'attempts', 'channel', 'locale', 'generation'))
if status ~= 'queued' and status ~= 'sending' then
  redis.call('ZREM', KEYS[4], request.member)
  return '{"outcome":"not_due"}'
end
-- While an attempt is under way, not_before is the end of its lease.
if not_before and tonumber(not_before) > now then
  return '{"outcome":"not_due"}'
end

local verification, expires = unpack(redis.call('HMGET', KEYS[2], 'status', 'expires'))
if verification ~= 'pending' then
  return over('dropped', verification or 'expired')
end
local to, kid, current, length = unpack(redis.call('HMGET', KEYS[3],
  'to', 'kid', 'generation', 'length'))
if not to or expires - now < request.min_life_ms then
  return over('dropped', 'expired')
end
if current ~= generation then
  return over('dropped', 'superseded')
end
-- Counted when it begins, so that a send that kills its worker each time comes to an end.
if tonumber(attempts) >= request.max_attempts then
  return over('failed', 'out_of_attempts')
end

local attempt = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('HSET', KEYS[1],
  'status', 'sending', 'token', request.token, 'not_before', now + request.lease_ms)
redis.call('ZADD', KEYS[4], now + request.lease_ms, request.member)
local past = {}
for i = 1, attempt - 1 do
  local line = redis.call('HGET', KEYS[1], 'attempt:' .. i)
  if line then
    past[#past + 1] = cjson.decode(line)
  end
end
return cjson.encode({
  outcome = 'claimed', attempt = attempt, past = #past > 0 and past or nil,
  to = to, channel = channel, locale = locale,
  kid = kid, generation = tonumber(generation), length = tonumber(length), life_ms = expires - now,
})
