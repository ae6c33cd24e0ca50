-- Add up what lib/counting.lua has noted: since ever for metrics, and by minute, hour and day for the
-- dashboard. Nothing that cannot be read or added up, because another version wrote it, ends this.
--
-- Uses: time
local PERIODS = {
  {name = 'minute', minutes = 1, kept_s = 3 * 3600, kept_by_app_s = 2 * 3600},
  {name = 'hour', minutes = 60, kept_s = 8 * 86400, kept_by_app_s = 3 * 86400},
  {name = 'day', minutes = 1440, kept_s = 90 * 86400, kept_by_app_s = 32 * 86400},
}
-- So many apps a day are counted one by one, the others together: a Service is an app too, and an account
-- can have hundreds.
local MOST_APPS = 50
-- And this many counts are kept in all before new ones of single apps are left out. Metrics show those
-- with the apps that have none.
local MOST_COUNTS = 4000

local function app_to_count(now, app, day)
  local today = 'otp:stats:apps:' .. day
  if redis.pcall('SISMEMBER', today, app) == 1 then
    return app
  end
  local known = redis.pcall('SCARD', today)
  local name = type(known) == 'number' and known < MOST_APPS and app or '*'
  redis.pcall('SADD', today, name)
  expire_at(today, now + 32 * 86400000)
  return name
end

-- Apps that are gone keep their counts, because a sum of counters must never fall.
local function has_room(key, name)
  return string.sub(name, 1, 4) ~= 'app\n' or redis.pcall('HEXISTS', key, name) == 1
    or (tonumber(redis.pcall('HLEN', key)) or 0) < MOST_COUNTS
end

local function roll_up(now)
  local events = redis.pcall('HGETALL', 'otp:events')
  redis.call('DEL', 'otp:events')
  local sums, kept_s = {}, {}
  local function add(key, seconds, name, times)
    sums[key], kept_s[key] = sums[key] or {}, seconds
    sums[key][name] = (sums[key][name] or 0) + times
  end
  for i = 1, #events, 2 do
    local times = tonumber(events[i + 1]) or 0
    local minute, app, names = string.match(events[i], '^(%d+)\n([^\n]*)\n(.+)$')
    for name in string.gmatch(names or '', '[^\n]+') do
      local counted_as = app ~= '' and app_to_count(now, app, math.floor(minute / 1440))
      local of_app = counted_as and 'otp:stats:app:' .. counted_as .. ':'
      add('otp:counts', 86400, name, times)
      if counted_as and counted_as ~= '*' then
        add('otp:counts', 86400, 'app\n' .. counted_as .. '\n' .. name, times)
      end
      for _, period in ipairs(PERIODS) do
        local bucket = period.name .. ':' .. math.floor(minute / period.minutes)
        add('otp:stats:' .. bucket, period.kept_s, name, times)
        if of_app then
          add(of_app .. bucket, period.kept_by_app_s, name, times)
        end
      end
      -- Only the first name is counted by app.
      app = ''
    end
  end
  for key, names in pairs(sums) do
    for name, times in pairs(names) do
      if has_room(key, name) then
        redis.pcall('HINCRBY', key, name, times)
      end
    end
    expire_at(key, now + kept_s[key] * 1000)
  end
end

return {roll_up = roll_up}
