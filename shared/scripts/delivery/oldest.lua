-- Tell how long the first send in the queue has waited.
--
-- KEYS 1 the RQ queue
-- Result: when it was requested; nothing if the queue is empty or its jobs cannot be read
--
-- Uses: queue
return waiting_since(KEYS[1])
