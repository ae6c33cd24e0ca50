-- Let the owner in, or count a wrong log-in. While there were too many of them neither happens, also
-- for the right password: so nothing is learned from further guesses.
--
-- KEYS 1 wrong log-ins of the address   2 those of all addresses   3 the mark of an address that the
--      owner has logged in from: a flood from elsewhere does not keep it out
--      4 the session to open and 5 all sessions, or neither
-- ARGV the request by name: right, per_address and in_all (limits), known_ms, idle_ms, longest_ms,
--      about (what is listed of the session, JSON)
-- Result: 0 let in, -1 wrong, or the milliseconds until the next one is looked at
--
-- Uses: arguments, time, limits
local request = arguments(1)
local now = now_ms()
local known = redis.call('EXISTS', KEYS[3]) == 1

local wait = wait_for(KEYS[1], request.per_address, now)
if wait == 0 and not known then
  wait = wait_for(KEYS[2], request.in_all, now)
end
if wait > 0 then
  return wait
end
if not request.right then
  count_event(KEYS[1], request.per_address, now)
  if not known then
    count_event(KEYS[2], request.in_all, now)
  end
  return -1
end
redis.call('SET', KEYS[3], 1, 'PXAT', text_of(now + request.known_ms))
if KEYS[4] then
  redis.call('SET', KEYS[4], now, 'PXAT', text_of(now + request.idle_ms))
  redis.call('HSET', KEYS[5], KEYS[4], request.about)
  expire_at(KEYS[5], now + request.longest_ms)
end
return 0
