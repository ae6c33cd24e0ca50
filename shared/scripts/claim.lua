-- Claim a send for one delivery attempt, directly before its provider is called: this is also
-- the last look whether the code is still wanted, and chooses the sender.
--
-- KEYS 1 send   2 verification   3 code   4 due
-- ARGV 1 the request, JSON: member (of due), token, lease_ms, min_life_ms, max_attempts,
--        senders {app: {channel: names in order of preference}}; '' is for the apps that are not named
-- Result, JSON: {outcome}, which is
--   claimed    and attempt (its number), sender, app, untried (how many other senders could be tried at
--              once), others (how many could be tried at all), to, channel, locale, kid,
--              generation, length, life_ms
--   dropped    and reason (approved | canceled | max_attempts_reached | expired | superseded)
--   failed     and reason (out_of_attempts | no_sender_left)
--   not_due    somebody else has it, it is over, or it is waiting to be tried again
local request = cjson.decode(ARGV[1])
local now = now_ms()

local function over(status, reason)
  redis.call('HSET', KEYS[1], 'status', status, 'reason', reason)
  redis.call('ZREM', KEYS[4], request.member)
  count(now, 'sends', redis.call('HGET', KEYS[1], 'channel'), status, reason)
  count_drained(now)
  return cjson.encode({outcome = status, reason = reason})
end

local status, not_before, attempts, channel, locale, generation, only =
  unpack(redis.call('HMGET', KEYS[1],
    'status', 'not_before', 'attempts', 'channel', 'locale', 'generation', 'sender'))
if status ~= 'queued' and status ~= 'sending' then
  redis.call('ZREM', KEYS[4], request.member)
  return '{"outcome":"not_due"}'
end
-- While an attempt is under way, not_before is the end of its lease.
if not_before and tonumber(not_before) > now then
  return '{"outcome":"not_due"}'
end

local verification, expires, app = unpack(redis.call('HMGET', KEYS[2], 'status', 'expires', 'app'))
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

-- The sender with the fewest attempts for this send, of those that have not refused it, that the
-- owner has not paused, and whose breaker is not open. A test message is for one sender only, also
-- while that is paused.
local tries, refused = {}, {}
for i = 1, tonumber(attempts) do
  local line = redis.call('HGET', KEYS[1], 'attempt:' .. i)
  local past = line and cjson.decode(line)
  if past then
    tries[past.sender] = (tries[past.sender] or 0) + 1
    refused[past.sender] = refused[past.sender] or past.status == 'refused'
  end
end
local chosen, probed, opens_at
local untried, others = 0, -1
local names = (request.senders[app] or request.senders[''] or {})[channel] or {}
for _, name in ipairs(names) do
  if not refused[name] and (only or name) == name then
    others = others + 1
    local breaker = 'otp:breaker:' .. channel .. ':' .. name
    local open_until = tonumber(redis.call('HGET', breaker, 'open_until') or 0)
    local paused_ms = redis.call('PTTL', 'otp:paused:' .. channel .. ':' .. name)
    if paused_ms > 0 and not only then
      -- Looked at again soon: a pause may be lifted.
      open_until = math.max(open_until, now + math.min(paused_ms, 1000))
    end
    if open_until > now then
      opens_at = math.min(opens_at or open_until, open_until)
    else
      if not tries[name] then
        untried = untried + 1
      end
      if not chosen or (tries[name] or 0) < (tries[chosen] or 0) then
        chosen, probed = name, open_until > 0 and breaker
      end
    end
  end
end
if not chosen and not opens_at then
  return over('failed', 'no_sender_left')
end
if not chosen then
  redis.call('HSET', KEYS[1], 'status', 'queued', 'not_before', opens_at)
  redis.call('ZADD', KEYS[4], opens_at, request.member)
  return '{"outcome":"not_due"}'
end
if probed then
  -- One attempt tries whether the provider is back; the others wait for what becomes of it.
  redis.call('HSET', probed, 'open_until', now + request.lease_ms)
end

local attempt = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('HSETNX', KEYS[1], 'claimed', now)
redis.call('HSET', KEYS[1], 'status', 'sending', 'token', request.token, 'begun', now,
  'not_before', now + request.lease_ms)
redis.call('ZADD', KEYS[4], now + request.lease_ms, request.member)
return cjson.encode({
  outcome = 'claimed', attempt = attempt, sender = chosen, app = app,
  untried = untried - (tries[chosen] and 0 or 1), others = others,
  to = to, channel = channel, locale = locale,
  kid = kid, generation = tonumber(generation), length = tonumber(length), life_ms = expires - now,
})
