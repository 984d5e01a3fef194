-- For wrk: sends the requests of a file in turn, as they are, and prints one line of numbers at the end: requests,
-- microseconds, the median and the 99th percentile of the latency in microseconds, and failures.
local requests = {}
local number = 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  local text = file:read("*a") .. "\n---\n"
  file:close()
  for request in text:gmatch("(.-)\n%-%-%-\n") do
    requests[#requests + 1] = request
  end
end

function request()
  number = number % #requests + 1
  return requests[number]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("measured %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
