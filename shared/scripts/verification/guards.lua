-- What the pumping guard has counted within its window, and what the owner has decided.
--
-- KEYS guards
-- ARGV their names, in the same order
-- Result, JSON: a list of {sent, verified}, in the same order, with exempt_ms (for how much longer the
--        owner exempts it) and released (within the window) where they apply
--
-- Uses: time, guard
local now = now_ms()
local counted = {}
for i, guard in ipairs(KEYS) do
  -- Another version may have written something else there.
  local kept = redis.pcall('HMGET', guard, 'part_ms', 'released')
  local part_ms, released = unpack(kept.err and {} or kept)
  counted[i] = {sent = 0, verified = 0}
  part_ms, released = tonumber(part_ms), tonumber(released)
  if part_ms then
    counted[i] = guard_sums(guard, part_ms, now)
  end
  counted[i].released = released ~= nil and (not part_ms or released + part_ms * PARTS > now)
  local exempt_until = redis.call('ZSCORE', 'otp:guard_exempt', ARGV[i])
  if exempt_until and tonumber(exempt_until) > now then
    counted[i].exempt_ms = exempt_until - now
  end
end
return cjson.encode(counted)
