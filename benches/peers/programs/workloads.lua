-- The shared workloads for Lua 5.4, LuaJIT and what else reads Lua.
-- Lines in: a name, its argument, how often to run. Lines out: the answer.

local half = _VERSION == "Lua 5.4" and "x // 2" or "x / 2"
local compile = loadstring or load

local W = {}

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
W.fib = fib

local function ack(m, n)
  if m == 0 then return n + 1 end
  if n == 0 then return ack(m - 1, 1) end
  return ack(m - 1, (ack(m, n - 1)))
end
function W.ackermann(n) return (ack(3, n)) end

local function tak(x, y, z)
  if y < x then
    return (tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)))
  end
  return z
end
function W.tak(n) return tak(3 * n, 2 * n, n) end

function W.sum(n)
  local i, sum = 0, 0
  while i < n do
    sum = sum + i
    i = i + 1
  end
  return sum
end

function W.nested(n)
  local sum, i = 0, 0
  while i < n do
    local j = 0
    while j < n do
      sum = sum + i * j
      j = j + 1
    end
    i = i + 1
  end
  return sum
end

W.collatz = compile and compile([[
  local n = ...
  local steps, i = 0, 1
  while i < n do
    local x = i
    while x ~= 1 do
      if x % 2 == 0 then x = ]] .. half .. [[ else x = 3 * x + 1 end
      steps = steps + 1
    end
    i = i + 1
  end
  return steps
]])

function W.mandelbrot(n)
  local total, py = 0, 0
  while py < n do
    local ci = 2.0 * py / n - 1.0
    local px = 0
    while px < n do
      local cr = 2.0 * px / n - 1.5
      local r, i, k = 0.0, 0.0, 0
      while k < 50 do
        local rr, ii = r * r, i * i
        if rr + ii > 4.0 then break end
        i = 2.0 * r * i + ci
        r = rr - ii + cr
        k = k + 1
      end
      total = total + k
      px = px + 1
    end
    py = py + 1
  end
  return total
end

function W.sieve(n)
  local flags, i, count = {}, 0, 0
  while i <= n do
    flags[i] = 1
    i = i + 1
  end
  i = 2
  while i <= n do
    if flags[i] == 1 then
      count = count + 1
      local j = i * i
      while j <= n do
        flags[j] = 0
        j = j + i
      end
    end
    i = i + 1
  end
  return count
end

function W.matmul(n)
  local a, b = {}, {}
  for i = 0, n - 1 do
    for j = 0, n - 1 do
      a[i * n + j] = (i - j) * 0.5
      b[i * n + j] = (i + j) * 0.25
    end
  end
  local total = 0.0
  for i = 0, n - 1 do
    for j = 0, n - 1 do
      local sum = 0.0
      for k = 0, n - 1 do
        sum = sum + a[i * n + k] * b[k * n + j]
      end
      total = total + sum
    end
  end
  return total
end

local function sort(a, low, high)
  if low >= high then return end
  local pivot = a[math.floor((low + high) / 2)]
  local i, j = low, high
  while i <= j do
    while a[i] < pivot do i = i + 1 end
    while a[j] > pivot do j = j - 1 end
    if i <= j then
      local held = a[i]
      a[i] = a[j]
      a[j] = held
      i = i + 1
      j = j - 1
    end
  end
  sort(a, low, j)
  sort(a, i, high)
end

function W.quicksort(n)
  local a, seed = {}, 42
  for i = 0, n - 1 do
    seed = (seed * 3877 + 29573) % 139968
    a[i] = seed
  end
  sort(a, 0, n - 1)
  local sum = 0
  for i = 0, n - 1 do sum = sum + a[i] * (i % 10) end
  return sum
end

local function make(depth)
  if depth == 0 then return {} end
  return { make(depth - 1), make(depth - 1) }
end

local function nodes(tree)
  if #tree == 0 then return 1 end
  return 1 + nodes(tree[1]) + nodes(tree[2])
end

function W.trees(n)
  local count = 0
  for _ = 1, 10 do count = count + nodes(make(n)) end
  return count
end

function W.nbody(n)
  local x, y, z, vx, vy, vz, m = {}, {}, {}, {}, {}, {}, {}
  for i = 0, 4 do
    x[i], y[i], z[i] = i * 1.5, 2.0 - i * 0.75, i * i * 0.25
    vx[i], vy[i], vz[i] = (i - 2) * 0.125, (2 - i) * 0.25, i * 0.0625
    m[i] = 1.0 / (i + 1)
  end
  local sqrt = math.sqrt
  while n > 0 do
    n = n - 1
    for i = 0, 4 do
      for j = i + 1, 4 do
        local dx, dy, dz = x[i] - x[j], y[i] - y[j], z[i] - z[j]
        local dd = dx * dx + dy * dy + dz * dz
        local mag = 0.01 / (dd * sqrt(dd))
        local mi, mj = m[i] * mag, m[j] * mag
        vx[i] = vx[i] - dx * mj
        vy[i] = vy[i] - dy * mj
        vz[i] = vz[i] - dz * mj
        vx[j] = vx[j] + dx * mi
        vy[j] = vy[j] + dy * mi
        vz[j] = vz[j] + dz * mi
      end
    end
    for i = 0, 4 do
      x[i] = x[i] + 0.01 * vx[i]
      y[i] = y[i] + 0.01 * vy[i]
      z[i] = z[i] + 0.01 * vz[i]
    end
  end
  local sum = 0.0
  for i = 0, 4 do sum = sum + x[i] * vx[i] + y[i] * vy[i] + z[i] * vz[i] end
  return sum
end

-- Lua has no string that grows; this is how its books append.
function W.append(n)
  local parts = {}
  for i = 1, n do parts[i] = "x" end
  return #table.concat(parts)
end

function W.hash(n)
  local h = {}
  for i = 0, n - 1 do
    local key = "k" .. (i * 7 % 1000)
    h[key] = (h[key] or 0) + 1
  end
  local sum = 0
  for i = 0, 999 do sum = sum + (h["k" .. i] or 0) * i end
  return sum
end

-- Only where a host gives `mix`.
function W.host_call(n)
  local i, x, mix = 0, 0, mix
  while i < n do
    x = mix(x, i)
    i = i + 1
  end
  return tonumber(x)
end

-- Where there is a library that has it: numbers of 64 bits, as LuaJIT's FFI passes them.
local library = os.getenv("FUSEVM_MIX")
if jit and library then
  local ffi = require("ffi")
  ffi.cdef("int64_t mix(int64_t, int64_t);")
  local has_mix = ffi.load(library)
  function W.host_call(n)
    local x = ffi.new("int64_t", 0)
    for i = 0, n - 1 do x = has_mix.mix(x, i) end
    return tonumber(x)
  end
end

function measure(name, n, runs)
  local answer
  for _ = 1, runs do answer = W[name](n) end
  return answer
end

if not embedded then
  for line in io.lines() do
    local name, n, runs = line:match("(%S+) (%d+) (%d+)")
    print(string.format("%.17g", measure(name, tonumber(n), tonumber(runs))))
    io.flush()
  end
end
