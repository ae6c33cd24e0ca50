-- End all sessions but one. Those that had ended by themselves leave the list too.
--
-- KEYS 1 all sessions   2 the session that stays
-- Result: how many were open
local ended = 0
for _, session in ipairs(redis.call('HKEYS', KEYS[1])) do
  if session ~= KEYS[2] then
    ended = ended + redis.call('DEL', session)
    redis.call('HDEL', KEYS[1], session)
  end
end
return ended
