-- What follows an approval, by a right code or because its app says so. Both count alike. `one`
-- holds its id, app, account, channel, tag, country, created, is_test, and to in clear text.
--
-- Uses: time, counting, guard
local function approve(now, one, verified_ms)
  -- Wrong codes are counted by mailbox, and only its plain address clears them: on a server where a
  -- plus is an ordinary letter, ann+x is somebody else, who could otherwise guess at ann's codes.
  redis.call('DEL', 'otp:code:' .. one.id, 'otp:failed:' .. one.tag, 'otp:recipient:' .. one.tag)
  redis.call('SET', 'otp:verified:' .. one.tag, '1',
    'PXAT', text_of(now + verified_ms))
  count(now, one.app, 'checks:' .. one.channel .. ':approved\ncountry:' .. one.country
    .. ':approved\n' .. duration(now, 'to_approved', one.channel, now - one.created))
  -- No guard has counted the messages to a test number, as there were none.
  if string.sub(one.to, 1, 1) == '+' and not one.is_test then
    local range = {name = one.account .. ':range:' .. string.sub(one.to, 1, -5)}
    local country = {name = one.account .. ':country:' .. one.country}
    for _, guard in ipairs(watching(range, country, now)) do
      local key = 'otp:guard:' .. guard.name
      local part_ms = tonumber(redis.call('HGET', key, 'part_ms'))
      if part_ms then
        guard_count(key, 'verified', part_ms, now)
      end
    end
  end
end
