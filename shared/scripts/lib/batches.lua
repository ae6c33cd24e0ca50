-- Scripts for many things at once count them together, at the end.
local noted, ended, drained = {}, {}, 0
local function note(...)
  local name = table.concat({...}, ':')
  noted[name] = (noted[name] or 0) + 1
end

-- A send came to its end. How many do, second by second, is for the admission of new ones. `app` is
-- that of its verification, false where there is none any more.
local function note_end(app, channel, status, reason)
  local name = table.concat({'sends', channel, status, reason}, ':')
  local of_app = ended[app or OTHER_APPS] or {}
  of_app[name] = (of_app[name] or 0) + 1
  ended[app or OTHER_APPS] = of_app
  drained = drained + 1
end

local function count_noted(now)
  for name, times in pairs(noted) do
    count_times(now, times, name)
  end
  for app, names in pairs(ended) do
    for name, times in pairs(names) do
      count_times_of(now, app, times, name)
    end
  end
  if drained > 0 then
    local key = 'otp:drained:' .. math.floor(now / 1000)
    redis.call('INCRBY', key, drained)
    redis.call('EXPIRE', key, 10)
  end
end

-- What goes wrong with one of many, such as a record that somebody else has written, is no matter
-- of the others: its answer is nil and what went wrong. What Redis refuses for a reason of its own
-- (REFUSALS) ends the script.
local function one_of_many(run, ...)
  local fine, answer = pcall(run, ...)
  if fine then
    return answer
  end
  local problem = type(answer) == 'table' and answer.err or tostring(answer)
  for _, words in ipairs(REFUSALS) do
    if string.find(problem, words, 1, true) then
      error(answer, 0)
    end
  end
  return nil, problem
end
