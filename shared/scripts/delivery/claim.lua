-- Claim sends for one delivery attempt each, directly before their providers are called: this is also
-- the last look whether a code is still wanted, and chooses the sender.
--
-- KEYS 1 due   then of each send: send, verification, code
-- ARGV 1 the request, JSON: lease_ms, left_ms, min_life_ms, max_attempts, senders {app: {channel:
--        names in order of preference}}, '' being for the apps that are not named, and keys {kid:
--        fingerprint}, if they are to be compared; and, if slow senders are to leave the last one to
--        others, places, how many attempts the worker can begin, and slow {channel:sender: true}
--      then of each send: member (of due), token
-- Result, in the order of the sends, JSON each: {outcome}, which is
--   claimed    and attempt (its number), sender, app, untried (how many other senders could be tried at
--              once), others (how many could be tried at all), to, channel, locale, kid,
--              generation, length, life_ms, outlet (whose senders and words these are); and, where
--              the send has them, app_name (what the message calls it), sealed (the code)
--   dropped    and reason (approved | canceled | max_attempts_reached | expired | superseded)
--   failed     and reason (out_of_attempts | no_sender_left)
--   left       to other workers, as this one has other settings than the API that accepted the send,
--              and reason, which it lacks (app | key | sender)
--   not_due    somebody else has it, it is over, or it is waiting to be tried again
--   broken     and reason: its record cannot be read
--
-- Uses: time, counting, batches
local request = cjson.decode(ARGV[1])
local now = now_ms()
local due = KEYS[1]

-- A sender with a slow attempt under way may hang. It leaves the last place to the others, which would
-- wait for it otherwise.
local places = request.places
local function no_place_until(sender)
  return places and places <= 1 and request.slow[sender] and now + request.left_ms or 0
end

-- What all workers know of a sender, read once for all sends: its breaker, and until when it is left
-- alone for that, or is paused.
local known = {}
local function knowledge(channel, name)
  local sender = channel .. ':' .. name
  if not known[sender] then
    local breaker = 'otp:breaker:' .. sender
    local paused_ms = redis.call('PTTL', 'otp:paused:' .. sender)
    known[sender] = {
      breaker = breaker,
      open_until = tonumber(redis.call('HGET', breaker, 'open_until') or 0),
      -- Looked at again soon: a pause may be lifted.
      paused_until = paused_ms > 0 and now + math.min(paused_ms, 1000) or 0,
    }
  end
  return known[sender]
end

-- By their names, which end in the scheme and maybe a number.
local function is_console(name)
  return string.match(name, '([^.]*)$'):match('^console%-?%d*$')
end

local function claim(member, token, send, of_verification, of_code)
  local status, not_before, attempts, channel, locale, generation, only, claimed, app_name, outlet,
    senders = unpack(redis.call('HMGET', send, 'status', 'not_before', 'attempts', 'channel',
      'locale', 'generation', 'sender', 'claimed', 'app_name', 'outlet', 'senders'))

  local function left(lacks)
    redis.call('HSET', send, 'status', 'queued')
    redis.call('ZADD', due, now + request.left_ms, member)
    return {outcome = 'left', reason = lacks}
  end

  if status ~= 'queued' and status ~= 'sending' then
    redis.call('ZREM', due, member)
    return {outcome = 'not_due'}
  end
  -- While an attempt is under way, not_before is the end of its lease.
  if not_before and tonumber(not_before) > now then
    return {outcome = 'not_due'}
  end

  local verification, expires, app, account =
    unpack(redis.call('HMGET', of_verification, 'status', 'expires', 'app', 'account'))

  local function over(status, reason)
    redis.call('HSET', send, 'status', status, 'reason', reason)
    redis.call('ZREM', due, member)
    count_end(now, app, channel, status, reason)
    return {outcome = status, reason = reason}
  end

  if verification ~= 'pending' then
    return over('dropped', verification or 'expired')
  end
  local to, kid, key, current, length, sealed =
    unpack(redis.call('HMGET', of_code, 'to', 'kid', 'key', 'generation', 'length', 'sealed'))
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

  -- The previous version kept neither outlet, senders nor key.
  outlet = outlet or (request.senders[account or app] and (account or app)) or ''
  if not request.senders[outlet] then
    return left('app')
  end
  local own_key = request.keys and request.keys[kid]
  if request.keys and not (own_key and own_key == (key or own_key)) then
    return left('key')
  end

  -- The sender with the fewest attempts for this send, of those that have not refused it, that the
  -- owner has not paused, and whose breaker is not open. A test message is for one sender only, also
  -- while that is paused.
  local tries, refused, any_refused = {}, {}, false
  for i = 1, tonumber(attempts) do
    local line = redis.call('HGET', send, 'attempt:' .. i)
    local past = line and cjson.decode(line)
    if past then
      tries[past.sender] = (tries[past.sender] or 0) + 1
      refused[past.sender] = refused[past.sender] or past.status == 'refused'
      any_refused = any_refused or refused[past.sender]
    end
  end
  local names, own, accepted_for = request.senders[outlet][channel] or {}, {}, {}
  for name in string.gmatch(senders or '', '%S+') do
    accepted_for[name] = true
  end
  local chosen, chosen_known, opens_at
  local untried, others = 0, -1
  for _, name in ipairs(names) do
    own[name] = true
    -- Where the API has another sender, a forgotten console:// would show the code to nobody.
    local stands_in = is_console(name) and next(accepted_for) and not accepted_for[name]
    if not refused[name] and not stands_in and (only or name) == name then
      others = others + 1
      local sender = knowledge(channel, name)
      local open_until = math.max(sender.open_until, only and 0 or sender.paused_until,
        no_place_until(channel .. ':' .. name))
      if open_until > now then
        opens_at = math.min(opens_at or open_until, open_until)
      else
        if not tries[name] then
          untried = untried + 1
        end
        if not chosen or (tries[name] or 0) < (tries[chosen] or 0) then
          chosen, chosen_known = name, sender
        end
      end
    end
  end
  -- Senders of other workers that may still take it.
  local elsewhere = 0
  for name in pairs(accepted_for) do
    if not own[name] and not refused[name] and not is_console(name) and (only or name) == name then
      elsewhere = elsewhere + 1
    end
  end
  if not chosen and not opens_at then
    if any_refused and elsewhere == 0 then
      return over('failed', 'no_sender_left')
    end
    return left('sender')
  end
  if not chosen then
    redis.call('HSET', send, 'status', 'queued', 'not_before', opens_at)
    redis.call('ZADD', due, opens_at, member)
    return {outcome = 'not_due'}
  end
  local lease_end = now + request.lease_ms
  if chosen_known.open_until > 0 then
    -- One attempt tests whether the provider is back. The others wait for its result.
    redis.call('HSET', chosen_known.breaker, 'open_until', lease_end)
    chosen_known.open_until = lease_end
  end

  places = places and places - 1
  local attempt = attempts + 1
  redis.call('HSET', send, 'status', 'sending', 'attempts', attempt, 'token', token,
    'claimed', claimed or now, 'begun', now, 'not_before', lease_end, 'by:' .. attempt, chosen)
  redis.call('ZADD', due, lease_end, member)
  return {
    outcome = 'claimed', attempt = attempt, sender = chosen, app = app,
    untried = untried - (tries[chosen] and 0 or 1), others = others + elsewhere,
    to = to, channel = channel, locale = locale,
    kid = kid, generation = tonumber(generation), length = tonumber(length),
    life_ms = expires - now,
    outlet = outlet, app_name = app_name or nil, sealed = sealed or nil,
  }
end

local function claim_and_tell(...)
  return cjson.encode(claim(...))
end

local answers = {}
for i = 2, #KEYS, 3 do
  local at = (i - 2) / 3 * 2 + 2
  local answer, problem =
    one_of_many(claim_and_tell, ARGV[at], ARGV[at + 1], KEYS[i], KEYS[i + 1], KEYS[i + 2])
  table.insert(answers, answer or cjson.encode({outcome = 'broken', reason = problem}))
end
return answers
