-- A JSON object from Redis. Empty for what cannot be read: another version may have written it.
local function decoded(text)
  local fine, found = pcall(cjson.decode, text)
  return fine and type(found) == 'table' and found or {}
end

local function all_numbers(...)
  for _, value in ipairs({...}) do
    if not tonumber(value) then
      return false
    end
  end
  return true
end
