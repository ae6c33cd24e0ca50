-- Add up what was counted, so that a reader of the figures misses nothing.
--
-- Uses: rolling_up
roll_up()
