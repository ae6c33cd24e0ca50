-- What was refused and why, for the owner: who waits for a resend is only counted.
--
-- Uses: counting
local function record_refusal(now, refused)
  count(now, refused.app, named('refused', refused.rule))
  if refused.rule ~= 'resend' then
    refused.at = now
    redis.call('LPUSH', 'otp:refusals', cjson.encode(refused))
    redis.call('LTRIM', 'otp:refusals', 0, 199)
    redis.call('EXPIRE', 'otp:refusals', 86400)
  end
end
