-- Note that a worker is alive. A register that somebody else has written is left to RQ.
--
-- KEYS 1 the worker   2... registers of workers
-- ARGV 1 for how long the worker counts as alive, in milliseconds   2 the same of the registers
--      3... its fields, each name before its value
--
-- Uses: time
local now = now_ms()
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
expire_at(KEYS[1], now + ARGV[1])
for i = 2, #KEYS do
  redis.pcall('SADD', KEYS[i], KEYS[1])
  expire_at(KEYS[i], now + ARGV[2])
end
