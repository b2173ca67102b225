# The shared workloads for gawk, but those that want nested arrays.
# Lines in: a name, its argument, how often to run. Lines out: the answer.

function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }

function ack(m, n) {
  if (m == 0) return n + 1
  if (n == 0) return ack(m - 1, 1)
  return ack(m - 1, ack(m, n - 1))
}
function ackermann(n) { return ack(3, n) }

function tak_of(x, y, z) {
  if (y < x) return tak_of(tak_of(x - 1, y, z), tak_of(y - 1, z, x), tak_of(z - 1, x, y))
  return z
}
function tak(n) { return tak_of(3 * n, 2 * n, n) }

function sum(n,    i, total) {
  for (i = 0; i < n; i++) total += i
  return total
}

function nested(n,    i, j, total) {
  for (i = 0; i < n; i++) for (j = 0; j < n; j++) total += i * j
  return total
}

function collatz(n,    i, x, steps) {
  for (i = 1; i < n; i++) {
    x = i
    while (x != 1) {
      x = x % 2 == 0 ? x / 2 : 3 * x + 1
      steps++
    }
  }
  return steps
}

function mandelbrot(n,    px, py, cr, ci, r, i, rr, ii, k, total) {
  for (py = 0; py < n; py++) {
    ci = 2 * py / n - 1
    for (px = 0; px < n; px++) {
      cr = 2 * px / n - 1.5
      r = i = k = 0
      while (k < 50) {
        rr = r * r
        ii = i * i
        if (rr + ii > 4) break
        i = 2 * r * i + ci
        r = rr - ii + cr
        k++
      }
      total += k
    }
  }
  return total
}

function sieve(n,    flags, i, j, count) {
  for (i = 0; i <= n; i++) flags[i] = 1
  for (i = 2; i <= n; i++) {
    if (flags[i] == 1) {
      count++
      for (j = i * i; j <= n; j += i) flags[j] = 0
    }
  }
  return count
}

function matmul(n,    a, b, i, j, k, s, total) {
  for (i = 0; i < n; i++) {
    for (j = 0; j < n; j++) {
      a[i * n + j] = (i - j) * 0.5
      b[i * n + j] = (i + j) * 0.25
    }
  }
  for (i = 0; i < n; i++) {
    for (j = 0; j < n; j++) {
      s = 0
      for (k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j]
      total += s
    }
  }
  return total
}

function sort(a, low, high,    pivot, i, j, held) {
  if (low >= high) return
  pivot = a[int((low + high) / 2)]
  i = low
  j = high
  while (i <= j) {
    while (a[i] < pivot) i++
    while (a[j] > pivot) j--
    if (i <= j) {
      held = a[i]
      a[i] = a[j]
      a[j] = held
      i++
      j--
    }
  }
  sort(a, low, j)
  sort(a, i, high)
}

function quicksort(n,    a, i, seed, total) {
  seed = 42
  for (i = 0; i < n; i++) {
    seed = (seed * 3877 + 29573) % 139968
    a[i] = seed
  }
  sort(a, 0, n - 1)
  for (i = 0; i < n; i++) total += a[i] * (i % 10)
  return total
}

function nbody(n,    x, y, z, vx, vy, vz, m, i, j, dx, dy, dz, dd, mag, mi, mj, total) {
  for (i = 0; i < 5; i++) {
    x[i] = i * 1.5
    y[i] = 2 - i * 0.75
    z[i] = i * i * 0.25
    vx[i] = (i - 2) * 0.125
    vy[i] = (2 - i) * 0.25
    vz[i] = i * 0.0625
    m[i] = 1 / (i + 1)
  }
  while (n-- > 0) {
    for (i = 0; i < 5; i++) {
      for (j = i + 1; j < 5; j++) {
        dx = x[i] - x[j]
        dy = y[i] - y[j]
        dz = z[i] - z[j]
        dd = dx * dx + dy * dy + dz * dz
        mag = 0.01 / (dd * sqrt(dd))
        mi = m[i] * mag
        mj = m[j] * mag
        vx[i] -= dx * mj
        vy[i] -= dy * mj
        vz[i] -= dz * mj
        vx[j] += dx * mi
        vy[j] += dy * mi
        vz[j] += dz * mi
      }
    }
    for (i = 0; i < 5; i++) {
      x[i] += 0.01 * vx[i]
      y[i] += 0.01 * vy[i]
      z[i] += 0.01 * vz[i]
    }
  }
  for (i = 0; i < 5; i++) total = total + x[i] * vx[i] + y[i] * vy[i] + z[i] * vz[i]
  return total
}

function append(n,    i, text) {
  for (i = 0; i < n; i++) text = text "x"
  return length(text)
}

function hash(n,    h, i, total) {
  for (i = 0; i < n; i++) h["k" (i * 7 % 1000)]++
  for (i = 0; i < 1000; i++) total += h["k" i] * i
  return total
}

{
  workload = $1
  for (run = 0; run < $3; run++) answer = @workload($2 + 0)
  printf "%.17g\n", answer
  fflush()
}
