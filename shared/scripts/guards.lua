-- What the pumping guard has counted within its window.
--
-- KEYS guards
-- Result, JSON: a list of {sent, verified}, in the same order
local now = now_ms()
local counted = {}
for i, guard in ipairs(KEYS) do
  local part_ms = redis.call('HGET', guard, 'part_ms')
  counted[i] = part_ms and guard_sums(guard, tonumber(part_ms), now) or {sent = 0, verified = 0}
end
return cjson.encode(counted)
