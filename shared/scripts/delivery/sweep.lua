-- Take sends that are overdue: whose job got lost, whose worker died, or that wait to be tried
-- again. Each is put off a little, so that only one sweeper takes it.
--
-- KEYS 1 due   2 the RQ queue
-- ARGV 1 the most to take   2 put_off_ms   3 backlog_ms: while jobs wait in the queue, a send that
--        is overdue by less than this most likely waits there too
-- Result: members of due
--
-- Uses: time, rolling_up
local now = now_ms()
local overdue = now
if redis.call('EXISTS', KEYS[2]) == 1 then
  overdue = now - ARGV[3]
end
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', overdue, 'LIMIT', 0, ARGV[1])
local taken = {}
for _, member in ipairs(members) do
  -- One that somebody else has written would come first for ever.
  if string.match(member, '^VE%x+:%d+$') then
    redis.call('ZADD', KEYS[1], now + ARGV[2], member)
    table.insert(taken, member)
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
if redis.call('SET', 'otp:rolled_up', 1, 'NX', 'EX', 60) then
  roll_up()
end
return taken
