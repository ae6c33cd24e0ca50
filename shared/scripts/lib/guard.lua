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

-- Returns whether this is the first that is counted in its part.
local function guard_count(guard, what, part_ms, now)
  local part = math.floor(now / part_ms)
  local is_first = redis.call('HINCRBY', guard, text_of(part) .. ':' .. what, '1') == 1
  if is_first then
    local is_new = redis.call('HSET', guard, 'part_ms', part_ms) == 1
    -- Not before this part falls out.
    expire_at(guard, now + part_ms * (PARTS + 1))
    for _, field in ipairs(is_new and {} or redis.call('HKEYS', guard)) do
      local at = tonumber(string.match(field, '^(%d+):'))
      if at and (at < part - PARTS or at > part) then
        redis.call('HDEL', guard, field)
      end
    end
  end
  return is_first
end

-- Which of a number's guards, {name, …} each, watch it now. The owner can exempt a range, whose
-- numbers then are not watched for their country either, or a country.
local function watching(range, country, now)
  local range_until, country_until =
    unpack(redis.call('ZMSCORE', 'otp:guard_exempt', range.name, country.name))
  if range_until and tonumber(range_until) > now then
    return {}
  end
  if country_until and tonumber(country_until) > now then
    return {range}
  end
  return {range, country}
end

-- Count a message for the guards that watch its number, and note that they count.
local function count_guarded(guards, now)
  local at, guarded, is_news = text_of(now), {}, false
  for i, guard in ipairs(guards) do
    is_news = guard_count('otp:guard:' .. guard.name, 'sent', guard.part_ms, now) or is_news
    guarded[2 * i - 1], guarded[2 * i] = at, guard.name
  end
  if #guarded == 0 then
    return
  end
  if redis.call('ZADD', 'otp:guarded', unpack(guarded)) > 0 then
    redis.call('ZREMRANGEBYRANK', 'otp:guarded', '0', '-1001')
    is_news = true
  end
  -- A part of a guard's window is a few hours at most.
  if is_news then
    expire_at('otp:guarded', now + 604800000)
  end
end
