-- What was refused and why, for the owner: who waits for a resend is only counted.
--
-- If the refusal has webhook, the name of its event, the app's backend is told.
--
-- Uses: time, counting
-- May use: webhooks
local function record_refusal(now, refused)
  if refused.webhook then
    use_webhooks().write_event(now, refused.webhook, refused.account or refused.app, {
      type = 'recipient.blocked', at = now, app = refused.account or refused.app,
      service = refused.account and refused.app or nil, channel = refused.channel, to = refused.to,
      rule = refused.rule,
    })
  end
  -- Only the event says these.
  refused.webhook, refused.channel, refused.account = nil, nil, nil
  count(now, refused.app, named('refused', refused.rule))
  if refused.rule ~= 'resend' then
    refused.at = now
    redis.call('LPUSH', 'otp:refusals', cjson.encode(refused))
    redis.call('LTRIM', 'otp:refusals', 0, 199)
    expire_at('otp:refusals', now + 86400000)
  end
end

return {record_refusal = record_refusal}
