-- All times are Redis's own, in milliseconds.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
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
