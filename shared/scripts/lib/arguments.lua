-- Arguments by name, from ARGV[at] on, each name before its value. All are texts, which Lua takes for
-- numbers in arithmetic, but not in comparisons.
local function arguments(at)
  local words, found = ARGV, {}
  for i = at, #words, 2 do
    found[words[i]] = words[i + 1]
  end
  return found
end
