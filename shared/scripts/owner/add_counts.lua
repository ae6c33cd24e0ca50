-- Add what a process of the API has measured to what all of them have.
--
-- KEYS 1 counts
-- ARGV of each count: its name, by how much it grew
--
-- Uses: time
for i = 1, #ARGV, 2 do
  -- What cannot be added up, because another version wrote it, must not hold up the others.
  redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
expire_at(KEYS[1], now_ms() + 86400000)
