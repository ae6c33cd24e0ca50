-- When the send was requested that has waited longest in the RQ queue. Nil if the queue is empty or
-- nothing in it can be read. The first jobs can be foreign, or their sends erased: look behind them.
--
-- Uses: time
local function waiting_since(queue)
  for i = 0, 99 do
    local id = redis.call('LINDEX', queue, text_of(i))
    if not id then
      return nil
    end
    local verification, send = string.match(id, '^(VE%x+)%-(%d+)$')
    local asked = verification
      and redis.pcall('HGET', 'otp:send:' .. verification .. ':' .. send, 'asked')
    if type(asked) == 'string' and tonumber(asked) then
      return tonumber(asked)
    end
  end
end
