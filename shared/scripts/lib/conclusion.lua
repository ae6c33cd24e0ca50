-- Telling providers how a verification ended.
--
-- Uses: time, keeping

-- Note a send whose provider wants to know it.
local function note_to_conclude(verification, send)
  local before = redis.call('HGET', verification, 'conclude') or ''
  redis.call('HSET', verification, 'conclude', before .. ' ' .. send)
end

-- Have workers tell the providers of the noted sends. A sweeper finds them in due.
local function conclude(now, verification_id, noted, conclusion)
  for number in string.gmatch(noted or '', '%d+') do
    local send = 'otp:send:' .. verification_id .. ':' .. number
    local status = redis.call('HGET', send, 'status')
    if status == 'sent' or status == 'delivered' then
      redis.call('HSET', send, 'conclusion', cjson.encode(conclusion))
      redis.call('ZADD', 'otp:due', text_of(now), verification_id .. ':' .. number)
      keep_due(now)
    end
  end
end

return {note_to_conclude = note_to_conclude, conclude = conclude}
