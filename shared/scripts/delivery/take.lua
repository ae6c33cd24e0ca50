-- Take jobs off the RQ queue, and delete them.
--
-- KEYS 1 the queue
-- ARGV 1 the most to take   2 what stands in front of a job's id in its key   3... ids that are taken
--        off the queue already
-- Result: `data` of each job; that of one that has expired while it waited is left out
local ids = {unpack(ARGV, 3)}
if tonumber(ARGV[1]) > 0 then
  for _, id in ipairs(redis.call('LPOP', KEYS[1], ARGV[1]) or {}) do
    table.insert(ids, id)
  end
end
local jobs = {}
for _, id in ipairs(ids) do
  local key = ARGV[2] .. id
  -- Somebody else may have written something else there.
  local data = redis.pcall('HGET', key, 'data')
  redis.call('DEL', key)
  if type(data) == 'string' then
    table.insert(jobs, data)
  end
end
return jobs
