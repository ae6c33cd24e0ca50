-- What goes wrong with one of many, such as a record that somebody else has written, is no matter
-- of the others: its answer is nil and what went wrong. What Redis refuses for a reason of its own
-- (storage/refusals.py) ends the script.
local function one_of_many(run, ...)
  local fine, answer = pcall(run, ...)
  if fine then
    return answer
  end
  local problem = type(answer) == 'table' and answer.err or tostring(answer)
  for _, words in ipairs({{REFUSALS}}) do
    if string.find(problem, words, 1, true) then
      error(answer, 0)
    end
  end
  return nil, problem
end
