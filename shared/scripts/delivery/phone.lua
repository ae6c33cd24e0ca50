-- Put a message onto the virtual phone, and do what its carrier is told to do to this one.
--
-- KEYS 1 phone   2 watched   3 carrier   4 receipts   5 code   6 send
-- ARGV 1 the message, JSON, which is kept with what is added here: kid, generation and length, from
--        which its code is derived to be shown, or sealed; attempt; at; carrier; appears_at, unless never
--      2 the most messages   3 kept_ms   4 the send, as a member of due
-- Result: what the carrier did; nothing while nobody watches, or when the code is over
--
-- Uses: time

-- What the carrier does to a message. Without appears_in_ms, it never appears.
local BEHAVIOURS = {
  deliver = {appears_in_ms = 0, receipt = 'delivered', receipt_in_ms = 1000},
  delay = {appears_in_ms = 20000, receipt = 'delivered', receipt_in_ms = 21000},
  lose = {},
  refuse = {},
  unreachable = {},
  fail = {receipt = 'undelivered', receipt_in_ms = 2000},
}

local now = now_ms()
local attempt, generation = unpack(redis.call('HMGET', KEYS[6], 'attempts', 'generation'))
local kid, current, length, sealed = unpack(redis.call('HMGET', KEYS[5],
  'kid', 'generation', 'length', 'sealed'))
if not kid or current ~= generation then
  return
end

local carrier = redis.call('EXISTS', KEYS[2]) == 1 and (redis.call('GET', KEYS[3]) or 'deliver')
local behaviour = BEHAVIOURS[carrier] or {appears_in_ms = 0}
if carrier then
  redis.call('DEL', KEYS[3])
end
local added = cjson.encode({
  kid = kid, generation = tonumber(generation), length = tonumber(length), sealed = sealed or nil,
  attempt = tonumber(attempt), at = now, carrier = carrier or nil,
  appears_at = behaviour.appears_in_ms and now + behaviour.appears_in_ms,
})
-- Both are objects, and one is appended to the other.
redis.call('LPUSH', KEYS[1], string.sub(ARGV[1], 1, -2) .. ',' .. string.sub(added, 2))
redis.call('LTRIM', KEYS[1], '0', text_of(ARGV[2] - 1))
expire_at(KEYS[1], now + ARGV[3])
if behaviour.receipt then
  local receipt = ARGV[4] .. ':' .. attempt .. ':' .. behaviour.receipt
  redis.call('ZADD', KEYS[4], now + behaviour.receipt_in_ms, receipt)
  expire_at(KEYS[4], now + ARGV[3])
end
return carrier or nil
