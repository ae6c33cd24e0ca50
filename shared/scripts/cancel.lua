-- Cancel a pending verification. Its queued sends are dropped when a worker comes to them.
--
-- KEYS 1 verification   2 code
-- ARGV 1 app
-- Result: 1, or 0 when nothing was pending
local status, app, tag, expires = unpack(redis.call('HMGET', KEYS[1],
  'status', 'app', 'tag', 'expires'))
if status ~= 'pending' or app ~= ARGV[1] or tonumber(expires) <= now_ms() then
  return 0
end
redis.call('HSET', KEYS[1], 'status', 'canceled')
redis.call('DEL', KEYS[2], 'otp:recipient:' .. tag)
return 1
