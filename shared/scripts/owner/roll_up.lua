-- Add up what was counted, so that a reader of the figures misses nothing.
--
-- Result: the time, in Unix milliseconds
--
-- Uses: time
-- May use: rolling_up
local now = now_ms()
use_rolling_up().roll_up(now)
return now
