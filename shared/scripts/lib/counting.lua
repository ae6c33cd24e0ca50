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
