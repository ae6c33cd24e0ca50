-- When a code can be sent again. After a send that has failed, each channel waits for its own last send
-- only: another channel may reach the person.

-- Whether the newest send of a verification has failed.
local function has_failed(id, sends)
  local status = redis.call('HGET', 'otp:send:' .. id .. ':' .. sends, 'status')
  return status == 'failed' or status == 'undelivered'
end

-- When the pause ends that only the channel's own last send asks for.
local function channel_ready_at(id, sends, channel, resend_ms)
  local last
  for n = 1, tonumber(sends) do
    local sent_by, asked = unpack(redis.call('HMGET', 'otp:send:' .. id .. ':' .. n, 'channel', 'asked'))
    last = sent_by == channel and tonumber(asked) or last
  end
  return last and last + resend_ms or 0
end

return {has_failed = has_failed, channel_ready_at = channel_ready_at}
