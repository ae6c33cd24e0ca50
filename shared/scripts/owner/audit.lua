-- Add an entry to the audit log, which holds the newest first. Wrong log-ins in a row are one entry
-- with their number, so that a flood of them pushes nothing else out.
--
-- KEYS 1 audit
-- ARGV 1 the entry, JSON: action, actor, ip and its facts   2 keep_ms   3 the most entries
--
-- Uses: reading, time
local entry = cjson.decode(ARGV[1])
local now = now_ms()
entry.at, entry.times = now, 1
local newest = redis.call('LINDEX', KEYS[1], 0)
if newest and entry.action == 'log_in_failed' then
  local last = decoded(newest)
  if last.action == entry.action then
    entry.times = (tonumber(last.times) or 1) + 1
    redis.call('LPOP', KEYS[1])
  end
end
redis.call('LPUSH', KEYS[1], cjson.encode(entry))
redis.call('LTRIM', KEYS[1], 0, ARGV[3] - 1)
-- An entry that cannot be read has no time, and goes when it is the oldest.
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and (tonumber(decoded(oldest).at) or 0) <= now - ARGV[2] do
  redis.call('RPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], -1)
end
expire_at(KEYS[1], now + ARGV[2])
