-- wrk -s load.lua URL -- FILE [SEED]: sends the file as the body of every request, and prints the result as one line of
-- JSON. With a seed each body is another: what the file calls KNOWN is the seed and a number.
function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["content-type"] = "application/json"
  wrk.headers["accept"] = "application/json"
  file:close()
  if arguments[2] then
    local before, after = wrk.body:match("^(.*)KNOWN(.*)$")
    local number = 0
    request = function()
      number = number + 1
      return wrk.format(nil, nil, nil, before .. arguments[2] .. "-" .. number .. after)
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "failed": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
