-- Take sends that are overdue: whose job got lost, whose worker died, or that wait to be tried
-- again. Also take workflows whose next step is due. Each is put off a little, so that only one sweeper
-- takes it.
--
-- KEYS 1 due   2 the RQ queue
-- ARGV 1 the most sends to take   2 put_off_ms   3 backlog_ms: while jobs wait in the queue, a send that
--        is overdue by less than this most likely waits there too   4 the most steps to take
--      5 put_off_ms of steps
-- Result: members of due
--
-- Uses: time
-- May use: rolling_up
-- As in lib/workflow.lua.
local STEPS_FROM = {STEPS_FROM}
local now = now_ms()
local overdue = now
if redis.call('EXISTS', KEYS[2]) == 1 then
  overdue = now - ARGV[3]
end
local taken = {}
local function take(from, to, most, until_ms)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], from, to, 'LIMIT', 0, most)) do
    -- One that somebody else has written would come first for ever.
    if string.match(member, '^VE%x+:%d+$') then
      redis.call('ZADD', KEYS[1], text_of(until_ms), member)
      table.insert(taken, member)
    else
      redis.call('ZREM', KEYS[1], member)
    end
  end
end
take('-inf', text_of(overdue), ARGV[1], now + ARGV[2])
take(text_of(STEPS_FROM), text_of(STEPS_FROM + now), ARGV[4], STEPS_FROM + now + ARGV[5])
if redis.call('SET', 'otp:rolled_up', 1, 'NX', 'PXAT', text_of(now + 60000)) then
  use_rolling_up().roll_up(now)
end
return taken
