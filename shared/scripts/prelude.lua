-- Stands in front of every other script. All times are Redis's own, in milliseconds.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A JSON object from Redis. Empty for what cannot be read: another version may have written it.
local function decoded(text)
  local fine, found = pcall(cjson.decode, text)
  return fine and type(found) == 'table' and found or {}
end

local function all_numbers(...)
  for _, value in ipairs({...}) do
    if not tonumber(value) then
      return false
    end
  end
  return true
end

-- A caller gives up after a while. What Redis comes to only later must have no effect: the caller
-- was told that it failed, and may ask again.
local function is_late(request, now)
  return request.not_after and now > request.not_after
end

-- Let a key live until `at` or longer. What it holds may have been written while OTP_KEEP was longer,
-- or for another app. Redis has PEXPIREAT with GT from version 7 on only.
local function expire_not_before(key, at, now)
  local left = redis.call('PTTL', key)
  if left < 0 or now + left < at then
    redis.call('PEXPIREAT', key, at)
  end
end

-- What happened: since ever for metrics, and by minute, hour and day for the dashboard. `now` is of
-- the script, so that one event is in one place.
local PERIODS = {
  {name = 'minute', ms = 60000, kept_s = 3 * 3600, kept_by_app_s = 2 * 3600},
  {name = 'hour', ms = 3600000, kept_s = 8 * 86400, kept_by_app_s = 3 * 86400},
  {name = 'day', ms = 86400000, kept_s = 90 * 86400, kept_by_app_s = 32 * 86400},
}
-- So many apps a day are counted one by one. A Service is an app too, and an account can have
-- hundreds: those beyond are counted together.
local MOST_APPS = 50
local OTHER_APPS = '*'
local EVERYTHING = ''

-- Which counts an app's events are added to.
local counted_as = {}
local function app_to_count(now, app)
  if not counted_as[app] then
    local today = 'otp:stats:apps:' .. math.floor(now / 86400000)
    local name = app
    if redis.call('SISMEMBER', today, app) == 0 then
      name = redis.call('SCARD', today) < MOST_APPS and app or OTHER_APPS
      redis.call('SADD', today, name)
      redis.call('EXPIRE', today, 32 * 86400)
    end
    counted_as[app] = name
  end
  return counted_as[app]
end

local buckets = {}
local function buckets_of(now, app)
  if not buckets[app] then
    local of_app = app ~= EVERYTHING
    local prefix = of_app and 'otp:stats:app:' .. app .. ':' or 'otp:stats:'
    buckets[app] = {}
    for i, period in ipairs(PERIODS) do
      buckets[app][i] = {
        key = prefix .. period.name .. ':' .. math.floor(now / period.ms),
        kept_s = of_app and period.kept_by_app_s or period.kept_s,
      }
    end
  end
  return buckets[app]
end

local function add_to_buckets(now, app, times, name)
  for _, bucket in ipairs(buckets_of(now, app)) do
    -- A new name may be the first one of a new hash.
    if redis.call('HINCRBY', bucket.key, name, times) == times then
      redis.call('EXPIRE', bucket.key, bucket.kept_s)
    end
  end
end

local is_counting = false
local function count_times(now, times, name)
  redis.call('HINCRBY', 'otp:counts', name, times)
  if not is_counting then
    redis.call('EXPIRE', 'otp:counts', 86400)
    is_counting = true
  end
  add_to_buckets(now, EVERYTHING, times, name)
end

local function count(now, ...)
  count_times(now, 1, table.concat({...}, ':'))
end

-- The steps of a code and the refusals are counted by app, too. Times, countries and senders are not,
-- because that would double what counting costs Redis.
local function count_times_of(now, app, times, name)
  count_times(now, times, name)
  add_to_buckets(now, app_to_count(now, app), times, name)
end

local function count_of(now, app, ...)
  count_times_of(now, app, 1, table.concat({...}, ':'))
end

-- A duration, in the first of these that it does not exceed (in milliseconds).
local BOUNDS = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000}
local function bound_of(ms)
  for _, bound in ipairs(BOUNDS) do
    if ms <= bound then
      return bound
    end
  end
  return 'inf'
end

local function count_duration(now, name, channel, ms)
  count(now, name, channel, bound_of(ms))
end

-- Scripts for many things at once count them together, at the end.
local noted, ended, drained = {}, {}, 0
local function note(...)
  local name = table.concat({...}, ':')
  noted[name] = (noted[name] or 0) + 1
end

-- A send came to its end. How many do, second by second, is for the admission of new ones. `app` is
-- that of its verification, false where there is none any more.
local function note_end(app, channel, status, reason)
  local name = table.concat({'sends', channel, status, reason}, ':')
  local of_app = ended[app or OTHER_APPS] or {}
  of_app[name] = (of_app[name] or 0) + 1
  ended[app or OTHER_APPS] = of_app
  drained = drained + 1
end

local function count_noted(now)
  for name, times in pairs(noted) do
    count_times(now, times, name)
  end
  for app, names in pairs(ended) do
    for name, times in pairs(names) do
      count_times_of(now, app, times, name)
    end
  end
  if drained > 0 then
    local key = 'otp:drained:' .. math.floor(now / 1000)
    redis.call('INCRBY', key, drained)
    redis.call('EXPIRE', key, 10)
  end
end

-- What goes wrong with one of many, such as a record that somebody else has written, is no matter
-- of the others: its answer is nil and what went wrong. What Redis refuses for a reason of its own
-- (REFUSALS) ends the script.
local function one_of_many(run, ...)
  local fine, answer = pcall(run, ...)
  if fine then
    return answer
  end
  local problem = type(answer) == 'table' and answer.err or tostring(answer)
  for _, words in ipairs(REFUSALS) do
    if string.find(problem, words, 1, true) then
      error(answer, 0)
    end
  end
  return nil, problem
end

-- When the send was requested that has waited longest in the RQ queue. Nil if the queue is empty or
-- nothing in it can be read. The first jobs can be foreign, or their sends erased: look behind them.
local function waiting_since(queue)
  for i = 0, 99 do
    local id = redis.call('LINDEX', queue, i)
    if not id then
      return nil
    end
    local verification, send = string.match(id, '^(VE%x+)%-(%d+)$')
    local asked = verification
      and redis.pcall('HGET', 'otp:send:' .. verification .. ':' .. send, 'asked')
    if type(asked) == 'string' and tonumber(asked) then
      return tonumber(asked)
    end
  end
end

-- Limits. A list holds the times of the last events, newest last, as many as the largest count
-- of its windows ({count, ms} each): exact for any sliding window, and never longer than that.

-- The milliseconds until one more event fits into every window (0: now), and the window that
-- takes longest.
local function wait_for(list, windows, now)
  local wait, tightest = 0, nil
  for _, window in ipairs(windows) do
    local oldest = tonumber(redis.call('LINDEX', list, -window.count))
    local left = oldest and oldest + window.ms - now or 0
    if left > wait then
      wait, tightest = left, window
    end
  end
  return wait, tightest
end

local function count_event(list, windows, now)
  local most, longest = 0, 0
  for _, window in ipairs(windows) do
    most = math.max(most, window.count)
    longest = math.max(longest, window.ms)
  end
  redis.call('RPUSH', list, now)
  redis.call('LTRIM', list, -most, -1)
  redis.call('PEXPIRE', list, longest)
end

-- The pumping guard. A hash counts the messages to a range or country, and those that led to a
-- verified number, in 24 parts of the guard's window, so that the old ones fall out by themselves.
local PARTS = 24

-- The counts within the window, and the part that is now.
local function guard_sums(guard, part_ms, now)
  local part = math.floor(now / part_ms)
  local sums = {sent = 0, verified = 0}
  local fields = redis.call('HGETALL', guard)
  for i = 1, #fields, 2 do
    local at, what = string.match(fields[i], '^(%d+):(%a+)$')
    if at and sums[what] and tonumber(at) >= part - PARTS and tonumber(at) <= part then
      sums[what] = sums[what] + (tonumber(fields[i + 1]) or 0)
    end
  end
  return sums, part
end

local function guard_count(guard, what, part_ms, now)
  local part = math.floor(now / part_ms)
  if redis.call('HINCRBY', guard, part .. ':' .. what, 1) == 1 then
    redis.call('HSET', guard, 'part_ms', part_ms)
    -- Not before this part falls out.
    redis.call('PEXPIRE', guard, part_ms * (PARTS + 1))
    for _, field in ipairs(redis.call('HKEYS', guard)) do
      local at = tonumber(string.match(field, '^(%d+):'))
      if at and (at < part - PARTS or at > part) then
        redis.call('HDEL', guard, field)
      end
    end
  end
end

-- Which of a number's guards, range before country, watch it now. The owner can exempt a range, whose
-- numbers then are not watched for their country either, or a country.
local function watching(guards, now)
  local found = {}
  for _, guard in ipairs(guards) do
    local exempt_until = redis.call('ZSCORE', 'otp:guard_exempt', guard.name)
    if not exempt_until or tonumber(exempt_until) <= now then
      table.insert(found, guard)
    elseif guard.kind == 'range' then
      return {}
    end
  end
  return found
end

-- A verification comes to its good end, by a right code or by the word of the app: both count
-- alike. `one` holds its id, app, account, channel, tag, country, created, and to in clear.
local function approve(now, one, verified_ms)
  redis.call('HSET', 'otp:verification:' .. one.id, 'status', 'approved')
  -- Wrong codes are counted by mailbox, and only its plain address clears them: on a server where a
  -- plus is an ordinary letter, ann+x is somebody else, who could otherwise guess at ann's codes.
  redis.call('DEL', 'otp:code:' .. one.id, 'otp:failed:' .. one.tag, 'otp:recipient:' .. one.tag)
  redis.call('SET', 'otp:verified:' .. one.tag, 1, 'PX', verified_ms)
  count_of(now, one.app, 'checks', one.channel, 'approved')
  count(now, 'country', one.country, 'approved')
  count_duration(now, 'to_approved', one.channel, now - one.created)
  -- No guard has counted the messages to a test number, as there were none.
  local is_test = redis.call('HEXISTS', 'otp:verification:' .. one.id, 'test') == 1
  if string.sub(one.to, 1, 1) == '+' and not is_test then
    local range = string.sub(one.to, 1, -5)
    local guards = {
      {kind = 'range', name = one.account .. ':range:' .. range},
      {kind = 'country', name = one.account .. ':country:' .. one.country},
    }
    for _, guard in ipairs(watching(guards, now)) do
      local key = 'otp:guard:' .. guard.name
      local part_ms = tonumber(redis.call('HGET', key, 'part_ms'))
      if part_ms then
        guard_count(key, 'verified', part_ms, now)
      end
    end
  end
end

-- What was refused and why, for the owner: who waits for a resend is only counted.
local function record_refusal(now, refused)
  count_of(now, refused.app, 'refused', refused.rule)
  if refused.rule ~= 'resend' then
    refused.at = now
    redis.call('LPUSH', 'otp:refusals', cjson.encode(refused))
    redis.call('LTRIM', 'otp:refusals', 0, 199)
    redis.call('EXPIRE', 'otp:refusals', 86400)
  end
end
