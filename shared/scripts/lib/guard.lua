-- The pumping guard. A hash counts the messages to a range or country, and those that led to a
-- verified number, in 24 parts of the guard's window, so that the old ones fall out by themselves.
--
-- Uses: time
local PARTS = 24

-- The counts within the window, and the part that is now.
local function guard_sums(guard, part_ms, now)
  local part = math.floor(now / part_ms)
  local sums = {sent = 0, verified = 0}
  local fields = redis.call('HGETALL', guard)
  for i = 1, #fields, 2 do
    local at, what = string.match(fields[i], '^(%d+):(%a+)$')
    if at and sums[what] and tonumber(at) >= part - PARTS and tonumber(at) <= part then
      sums[what] = sums[what] + (tonumber(fields[i + 1]) or 0)
    end
  end
  return sums, part
end

local function guard_count(guard, what, part_ms, now)
  local part = math.floor(now / part_ms)
  if redis.call('HINCRBY', guard, text_of(part) .. ':' .. what, '1') == 1 then
    redis.call('HSET', guard, 'part_ms', part_ms)
    -- Not before this part falls out.
    redis.call('PEXPIRE', guard, part_ms * (PARTS + 1))
    for _, field in ipairs(redis.call('HKEYS', guard)) do
      local at = tonumber(string.match(field, '^(%d+):'))
      if at and (at < part - PARTS or at > part) then
        redis.call('HDEL', guard, field)
      end
    end
  end
end

-- Which of a number's guards, range before country, watch it now. The owner can exempt a range, whose
-- numbers then are not watched for their country either, or a country.
local function watching(guards, now)
  local names, found = {}, {}
  for i, guard in ipairs(guards) do
    names[i] = guard.name
  end
  local exempt_until = #names > 0 and redis.call('ZMSCORE', 'otp:guard_exempt', unpack(names))
  for i, guard in ipairs(guards) do
    if not exempt_until[i] or tonumber(exempt_until[i]) <= now then
      table.insert(found, guard)
    elseif guard.kind == 'range' then
      return {}
    end
  end
  return found
end
