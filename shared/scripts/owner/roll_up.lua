-- Add up what was counted, so that a reader of the figures misses nothing.
--
-- Result: the time, in Unix milliseconds
--
-- Uses: rolling_up, time
roll_up()
return now_ms()
