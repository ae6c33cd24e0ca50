-- Add up what was counted, so that a reader of the figures misses nothing.
--
-- Result: the time, in Unix milliseconds
--
-- Uses: rolling_up, time
local now = now_ms()
roll_up(now)
return now
