-- How long verifications are kept, and the keys that many of them share: at least as long as the
-- verification that is kept longest. That one may have been written while OTP_KEEP was longer, or for
-- another app. Its time is noted, because Redis can tell when a key expires only from version 7 on.
--
-- Uses: time
local KEPT_UNTIL = 'otp:apps:kept_until'

-- Note that a verification of a recipient is kept until `at`, or until later if OTP_KEEP was longer
-- when it started. Returns that time, and the time of the verification that is kept longest, as texts.
local function note_kept(now, tag, id, at)
  local history, kept = 'otp:history:' .. tag, text_of(at)
  if redis.call('ZADD', history, 'GT', 'CH', kept, id) == 0 then
    kept = redis.call('ZSCORE', history, id)
  end
  local ends = kept
  if redis.call('ZCARD', history) > 1 then
    redis.call('ZREMRANGEBYSCORE', history, '-inf', text_of(now))
    ends = redis.call('ZRANGE', history, '-1', '-1', 'WITHSCORES')[2]
  end
  expire_at(history, ends)
  local latest = redis.call('GET', KEPT_UNTIL)
  if tonumber(kept) > (tonumber(latest) or 0) then
    latest = kept
    redis.call('SET', KEPT_UNTIL, latest, 'PXAT', latest)
  end
  return kept, latest
end

-- Have what is due expire with the last verification. Redis forgets that time whenever nothing is due.
local function keep_due(now)
  -- The previous version noted nothing. No code is valid for a day.
  expire_at('otp:due', tonumber(redis.call('GET', KEPT_UNTIL)) or now + 86400000)
end
