-- Read what is kept for some time after its last use.
--
-- KEYS texts, and keys of other types, which are only kept
-- ARGV 1 for how long, in milliseconds
-- Result: each text, or nothing
--
-- Uses: time
local ends, found = now_ms() + ARGV[1], {}
for i, key in ipairs(KEYS) do
  local text = redis.pcall('GET', key)
  found[i] = type(text) == 'string' and text
  expire_at(key, ends)
end
return found
