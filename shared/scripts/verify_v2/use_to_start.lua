-- Read what a start has to know of a Service. All of it is kept for some time after its last use.
--
-- KEYS 1 the Service   2 its rate limits   3 the accounts that trust the recipient
-- ARGV 1 the account   2 for how long, in milliseconds
-- Result: the Service and its rate limits, each a text or nothing, and 1 if the account trusts the
--      recipient
--
-- Uses: time
local ends = now_ms() + ARGV[2]
for _, key in ipairs(KEYS) do
  expire_at(key, ends)
end
local function text_at(key)
  local text = redis.pcall('GET', key)
  return type(text) == 'string' and text
end
return {text_at(KEYS[1]), text_at(KEYS[2]), redis.pcall('HEXISTS', KEYS[3], ARGV[1]) == 1 and 1}
