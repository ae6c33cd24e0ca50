-- How long verifications are kept, and the keys that many of them share: at least as long as the
-- verification that is kept longest. That one may have been written while OTP_KEEP was longer, or for
-- another app. Its time is noted, because Redis can tell when a key expires only from version 7 on.
--
-- Uses: time
local KEPT_UNTIL = 'otp:apps:kept_until'

-- Note that a verification of a recipient is kept until `at`, or until later if OTP_KEEP was longer
-- when it started. Returns that time, and the time of the verification that is kept longest.
local function note_kept(now, tag, id, at)
  local history = 'otp:history:' .. tag
  redis.call('ZADD', history, 'GT', text_of(at), id)
  local last = redis.call('ZRANGE', history, '-2', '-1', 'WITHSCORES')
  expire_at(history, last[#last])
  if #last > 2 then
    redis.call('ZREMRANGEBYSCORE', history, '-inf', text_of(now))
  end
  at = tonumber(last[#last - 1] == id and last[#last] or redis.call('ZSCORE', history, id))
  local latest = tonumber(redis.call('GET', KEPT_UNTIL)) or 0
  if at > latest then
    latest = at
    redis.call('SET', KEPT_UNTIL, text_of(at), 'PXAT', text_of(at))
  end
  return at, latest
end

-- Have what is due expire with the last verification. Redis forgets that time whenever nothing is due.
local function keep_due(now)
  -- The previous version noted nothing. No code is valid for a day.
  expire_at('otp:due', tonumber(redis.call('GET', KEPT_UNTIL)) or now + 86400000)
end
