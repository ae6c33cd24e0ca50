-- For wrk: one request for each line of a file, its body. Prints what came of them as JSON.
-- Arguments, behind wrk's own: the file, and whether to begin anew at its end ("again").
local bodies, next_body, again = {}, 0, false
ran_out = false

local threads = {}
function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  for body in io.lines(args[1]) do
    table.insert(bodies, body)
  end
  again = args[2] == 'again'
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/json'
end

function request()
  next_body = next_body + 1
  if next_body > #bodies then
    ran_out = not again
    next_body = 1
  end
  return wrk.format(nil, nil, nil, bodies[next_body])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d,"ran_out":%s}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    tostring(threads[1]:get('ran_out'))))
end
