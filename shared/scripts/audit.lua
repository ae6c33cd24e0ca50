-- Add an entry to the audit log, which holds the newest first. Wrong log-ins in a row are one entry
-- with their number, so that a flood of them pushes nothing else out.
--
-- KEYS 1 audit
-- ARGV 1 the entry, JSON: action, actor, ip and its facts   2 keep_ms   3 the most entries
local entry = cjson.decode(ARGV[1])
local now = now_ms()
entry.at, entry.times = now, 1
local newest = redis.call('LINDEX', KEYS[1], 0)
if newest and entry.action == 'log_in_failed' then
  local last = cjson.decode(newest)
  if last.action == entry.action then
    entry.times = last.times + 1
    redis.call('LPOP', KEYS[1])
  end
end
redis.call('LPUSH', KEYS[1], cjson.encode(entry))
redis.call('LTRIM', KEYS[1], 0, ARGV[3] - 1)
while cjson.decode(redis.call('LINDEX', KEYS[1], -1)).at <= now - ARGV[2] do
  redis.call('RPOP', KEYS[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
