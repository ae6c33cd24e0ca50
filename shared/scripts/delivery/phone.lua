-- Put a message onto the virtual phone, and do what its carrier is told to do to this one.
--
-- KEYS 1 phone   2 watched   3 carrier   4 receipts   5 code   6 send
-- ARGV 1 the message, JSON, which is kept with what is added here: kid, generation and length, from
--        which its code is derived to be shown, or sealed; attempt; at; carrier; appears_at, unless never
--      2 the request, JSON: most (messages), kept_ms, behaviours {carrier: {appears_in_ms, receipt,
--        receipt_in_ms}}
-- Result: what the carrier did; nothing while nobody watches, or when the code is over
local message, request = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
local now = now_ms()
local attempt, generation = unpack(redis.call('HMGET', KEYS[6], 'attempts', 'generation'))
local kid, current, length, sealed = unpack(redis.call('HMGET', KEYS[5],
  'kid', 'generation', 'length', 'sealed'))
if not kid or current ~= generation then
  return
end

local carrier = redis.call('EXISTS', KEYS[2]) == 1 and (redis.call('GET', KEYS[3]) or 'deliver')
local behaviour = request.behaviours[carrier] or {appears_in_ms = 0}
if carrier then
  redis.call('DEL', KEYS[3])
end
message.kid, message.generation, message.length = kid, tonumber(generation), tonumber(length)
message.sealed = sealed or nil
message.attempt, message.at = tonumber(attempt), now
message.carrier = carrier or nil
message.appears_at = behaviour.appears_in_ms and now + behaviour.appears_in_ms
redis.call('LPUSH', KEYS[1], cjson.encode(message))
redis.call('LTRIM', KEYS[1], 0, request.most - 1)
redis.call('PEXPIRE', KEYS[1], request.kept_ms)
if behaviour.receipt then
  local receipt = {message.verification_id, message.send, message.attempt, behaviour.receipt}
  redis.call('ZADD', KEYS[4], now + behaviour.receipt_in_ms, table.concat(receipt, ':'))
  redis.call('PEXPIRE', KEYS[4], request.kept_ms)
end
return carrier or nil
