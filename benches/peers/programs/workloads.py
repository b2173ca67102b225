# The shared workloads for Python.
# Lines in: a name, its argument, how often to run. Lines out: the answer.
import sys
from math import sqrt

sys.setrecursionlimit(100_000)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def ack(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ack(m - 1, 1)
    return ack(m - 1, ack(m, n - 1))


def ackermann(n):
    return ack(3, n)


def tak_of(x, y, z):
    if y < x:
        return tak_of(tak_of(x - 1, y, z), tak_of(y - 1, z, x), tak_of(z - 1, x, y))
    return z


def tak(n):
    return tak_of(3 * n, 2 * n, n)


def sum(n):
    i = total = 0
    while i < n:
        total += i
        i += 1
    return total


def nested(n):
    i = total = 0
    while i < n:
        j = 0
        while j < n:
            total += i * j
            j += 1
        i += 1
    return total


def collatz(n):
    steps = 0
    i = 1
    while i < n:
        x = i
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            steps += 1
        i += 1
    return steps


def mandelbrot(n):
    total = 0
    for py in range(n):
        ci = 2.0 * py / n - 1.0
        for px in range(n):
            cr = 2.0 * px / n - 1.5
            r = i = 0.0
            k = 0
            while k < 50:
                rr = r * r
                ii = i * i
                if rr + ii > 4.0:
                    break
                i = 2.0 * r * i + ci
                r = rr - ii + cr
                k += 1
            total += k
    return total


def sieve(n):
    flags = [1] * (n + 1)
    count = 0
    i = 2
    while i <= n:
        if flags[i] == 1:
            count += 1
            j = i * i
            while j <= n:
                flags[j] = 0
                j += i
        i += 1
    return count


def matmul(n):
    a, b = [0.0] * (n * n), [0.0] * (n * n)
    for i in range(n):
        for j in range(n):
            a[i * n + j] = (i - j) * 0.5
            b[i * n + j] = (i + j) * 0.25
    total = 0.0
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += a[i * n + k] * b[k * n + j]
            total += s
    return total


def sort(a, low, high):
    if low >= high:
        return
    pivot = a[(low + high) >> 1]
    i, j = low, high
    while i <= j:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i <= j:
            a[i], a[j] = a[j], a[i]
            i += 1
            j -= 1
    sort(a, low, j)
    sort(a, i, high)


def quicksort(n):
    a, seed = [], 42
    for i in range(n):
        seed = (seed * 3877 + 29573) % 139968
        a.append(seed)
    sort(a, 0, n - 1)
    total = 0
    for i in range(n):
        total += a[i] * (i % 10)
    return total


def make(depth):
    return [] if depth == 0 else [make(depth - 1), make(depth - 1)]


def nodes(tree):
    return 1 if len(tree) == 0 else 1 + nodes(tree[0]) + nodes(tree[1])


def trees(n):
    count = 0
    for _ in range(10):
        count += nodes(make(n))
    return count


def nbody(n):
    x = [i * 1.5 for i in range(5)]
    y = [2.0 - i * 0.75 for i in range(5)]
    z = [i * i * 0.25 for i in range(5)]
    vx = [(i - 2) * 0.125 for i in range(5)]
    vy = [(2 - i) * 0.25 for i in range(5)]
    vz = [i * 0.0625 for i in range(5)]
    m = [1.0 / (i + 1) for i in range(5)]
    for _ in range(n):
        for i in range(5):
            for j in range(i + 1, 5):
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
        for i in range(5):
            x[i] += 0.01 * vx[i]
            y[i] += 0.01 * vy[i]
            z[i] += 0.01 * vz[i]
    total = 0.0
    for i in range(5):
        total = total + x[i] * vx[i] + y[i] * vy[i] + z[i] * vz[i]
    return total


def append(n):
    text = ""
    for _ in range(n):
        text += "x"
    return len(text)


def hash(n):
    h = {}
    for i in range(n):
        key = "k" + str(i * 7 % 1000)
        h[key] = h.get(key, 0) + 1
    total = 0
    for i in range(1000):
        total += h.get("k" + str(i), 0) * i
    return total


for line in sys.stdin:
    name, n, runs = line.split()
    workload, n = globals()[name], int(n)
    for _ in range(int(runs)):
        answer = workload(n)
    print(repr(float(answer)), flush=True)
