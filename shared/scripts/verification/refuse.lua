-- Record a start that was refused before it came here.
--
-- ARGV 1 the refusal, JSON: app, rule, to (masked), and if known subject, value, threshold
--
-- Uses: time
-- May use: refusals
use_refusals().record_refusal(now_ms(), cjson.decode(ARGV[1]))
