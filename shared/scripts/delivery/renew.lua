-- Prolong the leases of attempts that are under way in one worker.
--
-- KEYS 1 due   2... sends
-- ARGV 1 lease_ms   2... member of due and token, per send
-- Result: how many were still held
--
-- Uses: time
local until_ms = now_ms() + ARGV[1]
local held = 0
for i = 2, #KEYS do
  local member, token = ARGV[2 * i - 2], ARGV[2 * i - 1]
  -- Somebody else may have written something else there.
  if redis.pcall('HGET', KEYS[i], 'token') == token then
    redis.call('HSET', KEYS[i], 'not_before', until_ms)
    -- A receipt has ended a send that is not due any more.
    redis.call('ZADD', KEYS[1], 'XX', until_ms, member)
    held = held + 1
  end
end
return held
