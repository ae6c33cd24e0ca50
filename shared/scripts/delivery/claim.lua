-- Claim sends for one delivery attempt each, directly before their providers are called: this is also
-- the last look whether a code is still wanted, and chooses the sender.
--
-- KEYS 1 due   then of each send: send, verification, code
-- ARGV 1 the request, JSON: lease_ms, left_ms, min_life_ms, max_attempts, senders {app: {channel:
--        names in order of preference}}, '' being for the apps that are not named, and keys {kid:
--        fingerprint}, if they are to be compared; and, if there are any, routes {app: {channel: {name:
--        true}}}; and, if slow senders are to leave the last one to others, places, how many attempts
--        the worker can begin, and slow {channel:sender: true}
--      then of each send: member (of due), token
-- Result, in the order of the sends, JSON each: {outcome}, which is
--   claimed    and attempt (its number), sender, app, untried (how many other senders could be tried at
--              once), others (how many could be tried at all), to, channel, locale, kid,
--              generation, length, life_ms, outlet (whose senders and words these are); and, where
--              the send has them, app_name (what the message calls it), app_hash (of the Android app
--              that gets the code), route (its name), sealed (the code), context_text (what the code is
--              for), provider_id (from the sender's last attempt), trace (of the start)
--              Or, for a message that was sent, ended (approved | canceled), for its sender to be told
--   dropped    and reason (approved | canceled | max_attempts_reached | expired | superseded)
--   failed     and reason (out_of_attempts | no_sender_left)
--   left       to other workers, as this one has other settings than the API that accepted the send,
--              and reason, which it lacks (app | key | route | sender)
--   not_due    somebody else has it, it is over, or it is waiting to be tried again
--   broken     and reason: its record cannot be read
--   dropped, failed and left have trace, too, if the start had one
--
-- Uses: time, batches, attempts
-- May use: no_attempt
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
    local paused_until = tonumber(redis.call('GET', 'otp:paused:' .. sender)) or 0
    if paused_until == 1 then
      -- The previous version wrote 1, which stays for as long as the pause.
      paused_until = now + 1000
    end
    known[sender] = {
      breaker = breaker,
      open_until = tonumber(redis.call('HGET', breaker, 'open_until') or 0),
      -- Looked at again soon: a pause may be lifted.
      paused_until = math.min(paused_until, now + 1000),
    }
  end
  return known[sender]
end

-- By their names, which end in the scheme and maybe a number.
local function is_console(name)
  return string.match(name, '([^.]*)$'):match('^console%-?%d*$')
end

local function read_send(member, send)
  local it = {member = member, key = send}
  it.status, it.not_before, it.attempts, it.channel, it.locale, it.generation, it.only, it.claimed,
    it.app_name, it.outlet, it.senders, it.route = unpack(redis.call('HMGET', send, 'status',
      'not_before', 'attempts', 'channel', 'locale', 'generation', 'sender', 'claimed', 'app_name',
      'outlet', 'senders', 'route'))
  return it
end

local function read_verification(it, of_verification, of_code)
  it.verification, it.expires, it.app, it.app_hash, it.trace =
    unpack(redis.call('HMGET', of_verification, 'status', 'expires', 'app', 'app_hash', 'trace'))
  it.trace = it.trace or nil
  it.code = {}
  it.code.to, it.code.kid, it.code.key, it.code.generation, it.code.length, it.code.sealed,
    it.code.context_text = unpack(redis.call('HMGET', of_code, 'to', 'kid', 'key', 'generation',
      'length', 'sealed', 'context_text'))
  -- The previous version kept neither outlet, senders nor key.
  if not it.outlet then
    local account = redis.call('HGET', of_verification, 'account') or it.app
    it.outlet = request.senders[account] and account or ''
  end
end

-- Why the send is over without another attempt: its status and the reason.
local function reason_to_end(it)
  if it.verification ~= 'pending' then
    return 'dropped', it.verification or 'expired'
  end
  if not it.code.to or it.expires - now < request.min_life_ms then
    return 'dropped', 'expired'
  end
  if it.code.generation ~= it.generation then
    return 'dropped', 'superseded'
  end
  -- Counted when it begins, so that a send that kills its worker each time comes to an end.
  if tonumber(it.attempts) >= request.max_attempts then
    return 'failed', 'out_of_attempts'
  end
end

-- What this worker needs for the send and does not have.
local function lacks(it)
  if not request.senders[it.outlet] then
    return 'app'
  end
  local own_key = request.keys and request.keys[it.code.kid]
  if request.keys and not (own_key and own_key == (it.code.key or own_key)) then
    return 'key'
  end
  local routes = (request.routes or {})[it.outlet] or {}
  if it.route and not (routes[it.channel] or {})[it.route] then
    return 'route'
  end
end

-- How often each sender tried this send, and which have refused it. Also notes what their providers
-- called the message.
local function past_attempts(it)
  local tries, refused = {}, {}
  it.provider_ids = {}
  for i = 1, tonumber(it.attempts) do
    local past = attempt_of(it.key, i)
    if past then
      tries[past.sender] = (tries[past.sender] or 0) + 1
      it.provider_ids[past.sender] = past.provider_id or it.provider_ids[past.sender]
      refused[past.sender] = refused[past.sender] or past.status == 'refused' or nil
    end
  end
  return tries, refused
end

-- The sender with the fewest attempts for this send, of those that have not refused it, that the
-- owner has not paused, and whose breaker is not open. A route has its own senders and order. A test
-- message is for one sender only, also while that is paused. Without one: opens_at, when the first may
-- be used again, or nothing if none ever can.
local function choose(it, tries, refused)
  local accepted, accepted_for = {}, {}
  for name in string.gmatch(it.senders or '', '%S+') do
    table.insert(accepted, name)
    accepted_for[name] = true
  end
  local names, own = request.senders[it.outlet][it.channel] or {}, {}
  for _, name in ipairs(names) do
    own[name] = true
  end
  local choice = {untried = 0, others = -1, elsewhere = 0}
  for _, name in ipairs(it.route and accepted or names) do
    -- Where the API has another sender, a forgotten console:// would show the code to nobody.
    local stands_in = next(accepted_for) and not accepted_for[name] and is_console(name)
    if own[name] and not refused[name] and not stands_in and (it.only or name) == name then
      choice.others = choice.others + 1
      local sender = knowledge(it.channel, name)
      local open_until = math.max(sender.open_until, it.only and 0 or sender.paused_until,
        no_place_until(it.channel .. ':' .. name))
      if open_until > now then
        choice.opens_at = math.min(choice.opens_at or open_until, open_until)
      else
        choice.untried = choice.untried + (tries[name] and 0 or 1)
        if not choice.name or (tries[name] or 0) < (tries[choice.name] or 0) then
          choice.name, choice.known = name, sender
        end
      end
    end
  end
  -- Senders of other workers that may still take it.
  for name in pairs(accepted_for) do
    if not own[name] and not refused[name] and not is_console(name) and (it.only or name) == name then
      choice.elsewhere = choice.elsewhere + 1
    end
  end
  return choice
end

local function begin(it, token, choice, tries)
  local lease_end = now + request.lease_ms
  if choice.known.open_until > 0 then
    -- One attempt tests whether the provider is back. The others wait for its result.
    redis.call('HSET', choice.known.breaker, 'open_until', lease_end)
    choice.known.open_until = lease_end
  end
  places = places and places - 1
  local attempt, code = it.attempts + 1, it.code
  local number, at, leased = text_of(attempt), text_of(now), text_of(lease_end)
  redis.call('HSET', it.key, 'status', 'sending', 'attempts', number, 'token', token,
    'claimed', it.claimed or at, 'begun', at, 'not_before', leased, 'by:' .. number, choice.name)
  redis.call('ZADD', due, leased, it.member)
  return {
    outcome = 'claimed', attempt = attempt, sender = choice.name, app = it.app,
    untried = choice.untried - (tries[choice.name] and 0 or 1),
    others = choice.others + choice.elsewhere,
    to = code.to, channel = it.channel, locale = it.locale,
    kid = code.kid, generation = tonumber(it.generation), length = tonumber(code.length),
    life_ms = it.expires - now,
    outlet = it.outlet, app_name = it.app_name or nil, app_hash = it.app_hash or nil,
    route = it.route or nil, sealed = code.sealed or nil, context_text = code.context_text or nil,
    provider_id = it.provider_ids[choice.name], trace = it.trace,
  }
end

local function claim(member, token, send, of_verification, of_code)
  local it = read_send(member, send)
  if it.status ~= 'queued' and it.status ~= 'sending' then
    redis.call('ZREM', due, member)
    return use_no_attempt().conclude(it, of_verification)
  end
  -- While an attempt is under way, not_before is the end of its lease.
  if it.not_before and tonumber(it.not_before) > now then
    return {outcome = 'not_due'}
  end
  read_verification(it, of_verification, of_code)
  local status, reason = reason_to_end(it)
  if status then
    return use_no_attempt().finish(now, it, of_verification, status, reason)
  end
  local lacking = lacks(it)
  if lacking then
    return use_no_attempt().leave(it, now + request.left_ms, lacking)
  end
  local tries, refused = past_attempts(it)
  local choice = choose(it, tries, refused)
  if choice.name then
    return begin(it, token, choice, tries)
  end
  if choice.opens_at then
    return use_no_attempt().wait(it, choice.opens_at)
  end
  if next(refused) and choice.elsewhere == 0 then
    return use_no_attempt().finish(now, it, of_verification, 'failed', 'no_sender_left')
  end
  return use_no_attempt().leave(it, now + request.left_ms, 'sender')
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
