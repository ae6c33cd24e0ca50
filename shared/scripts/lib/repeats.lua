-- Requests with idempotency keys, which can be repeated for a while. `request` has idempotency_keys with
-- a space between them, idempotency (a fingerprint of what it asks for) and idempotency_ms.
--
-- Uses: reading, time

-- What was answered to a request with one of these keys, or a conflict if it asked for something else.
local function repeated(request)
  for key in string.gmatch(request.idempotency_keys, '%S+') do
    local kept = redis.call('GET', 'otp:idempotency:' .. key)
    if kept then
      local fingerprint, answer = string.match(kept, '^(%x+) (.*)$')
      local told = decoded(answer)
      local is_repeated = fingerprint == request.idempotency and told.verification_id and told.channel
      return is_repeated and answer or '{"outcome":"conflict"}'
    end
  end
end

local function remember(now, request, answer)
  for key in string.gmatch(request.idempotency_keys, '%S+') do
    redis.call('SET', 'otp:idempotency:' .. key, request.idempotency .. ' ' .. answer,
      'PXAT', text_of(now + request.idempotency_ms))
  end
end

return {repeated = repeated, remember = remember}
