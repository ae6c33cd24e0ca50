-- All times are Redis's own, in milliseconds.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- For an argument of redis.call, which formats numbers as %.17g, at a tenth of what a start costs.
local function text_of(number)
  return string.format('%d', number)
end

-- A caller gives up after a while. What Redis comes to only later must have no effect: the caller
-- was told that it failed, and may ask again.
local function is_late(request, now)
  return request.not_after and now > tonumber(request.not_after)
end

-- Keep a key until `at` or longer. Its content may have been written while OTP_KEEP was longer, or for
-- another app. Returns whether it was to expire before. (PEXPIREAT has GT only from Redis 7 on.)
local function expire_not_before(key, at, now)
  local left = redis.call('PTTL', key)
  if left < 0 or now + left < at then
    redis.call('PEXPIREAT', key, text_of(at))
  end
  return left >= 0
end
