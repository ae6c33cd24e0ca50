-- What a send's hash keeps of a delivery attempt: attempt:N, a line of JSON with its sender, status, at,
-- error and, unless the attempt is the first one, begun; and provider_id:N and receipt:N, if there are
-- any. Redis needs twice the memory for a hash with a value of more than 64 bytes, which a line with
-- everything in it would have. The previous version wrote such lines.
--
-- Attempt number N of a send. Nil if none is recorded.
local function attempt_of(send, number)
  local line, provider_id = unpack(redis.call('HMGET', send, 'attempt:' .. number, 'provider_id:' .. number))
  local attempt = line and cjson.decode(line)
  if attempt then
    attempt.provider_id = attempt.provider_id or provider_id or nil
    return attempt
  end
end
