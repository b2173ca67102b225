// The shared workloads for Node and QuickJS, as commands and inside a host.
// Lines in: a name, its argument, how often to run. Lines out: the answer.
"use strict";

const W = {};

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
W.fib = fib;

function ack(m, n) {
  if (m === 0) return n + 1;
  if (n === 0) return ack(m - 1, 1);
  return ack(m - 1, ack(m, n - 1));
}
W.ackermann = (n) => ack(3, n);

function tak(x, y, z) {
  return y < x ? tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) : z;
}
W.tak = (n) => tak(3 * n, 2 * n, n);

W.sum = function (n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
};

W.nested = function (n) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) sum += i * j;
  }
  return sum;
};

W.collatz = function (n) {
  let steps = 0;
  for (let i = 1; i < n; i++) {
    let x = i;
    while (x !== 1) {
      x = x % 2 === 0 ? x / 2 : 3 * x + 1;
      steps++;
    }
  }
  return steps;
};

W.mandelbrot = function (n) {
  let total = 0;
  for (let py = 0; py < n; py++) {
    const ci = (2.0 * py) / n - 1.0;
    for (let px = 0; px < n; px++) {
      const cr = (2.0 * px) / n - 1.5;
      let r = 0, i = 0, k = 0;
      while (k < 50) {
        const rr = r * r, ii = i * i;
        if (rr + ii > 4.0) break;
        i = 2.0 * r * i + ci;
        r = rr - ii + cr;
        k++;
      }
      total += k;
    }
  }
  return total;
};

W.sieve = function (n) {
  const flags = [];
  for (let i = 0; i <= n; i++) flags[i] = 1;
  let count = 0;
  for (let i = 2; i <= n; i++) {
    if (flags[i] === 1) {
      count++;
      for (let j = i * i; j <= n; j += i) flags[j] = 0;
    }
  }
  return count;
};

W.matmul = function (n) {
  const a = [], b = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      a[i * n + j] = (i - j) * 0.5;
      b[i * n + j] = (i + j) * 0.25;
    }
  }
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      total += sum;
    }
  }
  return total;
};

function sort(a, low, high) {
  if (low >= high) return;
  const pivot = a[(low + high) >> 1];
  let i = low, j = high;
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) {
      const held = a[i];
      a[i] = a[j];
      a[j] = held;
      i++;
      j--;
    }
  }
  sort(a, low, j);
  sort(a, i, high);
}

W.quicksort = function (n) {
  const a = [];
  let seed = 42;
  for (let i = 0; i < n; i++) {
    seed = (seed * 3877 + 29573) % 139968;
    a.push(seed);
  }
  sort(a, 0, n - 1);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i] * (i % 10);
  return sum;
};

function make(depth) {
  return depth === 0 ? [] : [make(depth - 1), make(depth - 1)];
}

function nodes(tree) {
  return tree.length === 0 ? 1 : 1 + nodes(tree[0]) + nodes(tree[1]);
}

W.trees = function (n) {
  let count = 0;
  for (let i = 0; i < 10; i++) count += nodes(make(n));
  return count;
};

W.nbody = function (n) {
  const x = [], y = [], z = [], vx = [], vy = [], vz = [], m = [];
  for (let i = 0; i < 5; i++) {
    x.push(i * 1.5);
    y.push(2.0 - i * 0.75);
    z.push(i * i * 0.25);
    vx.push((i - 2) * 0.125);
    vy.push((2 - i) * 0.25);
    vz.push(i * 0.0625);
    m.push(1.0 / (i + 1));
  }
  for (let step = 0; step < n; step++) {
    for (let i = 0; i < 5; i++) {
      for (let j = i + 1; j < 5; j++) {
        const dx = x[i] - x[j], dy = y[i] - y[j], dz = z[i] - z[j];
        const dd = dx * dx + dy * dy + dz * dz;
        const mag = 0.01 / (dd * Math.sqrt(dd));
        const mi = m[i] * mag, mj = m[j] * mag;
        vx[i] -= dx * mj;
        vy[i] -= dy * mj;
        vz[i] -= dz * mj;
        vx[j] += dx * mi;
        vy[j] += dy * mi;
        vz[j] += dz * mi;
      }
    }
    for (let i = 0; i < 5; i++) {
      x[i] += 0.01 * vx[i];
      y[i] += 0.01 * vy[i];
      z[i] += 0.01 * vz[i];
    }
  }
  let sum = 0;
  for (let i = 0; i < 5; i++) sum = sum + x[i] * vx[i] + y[i] * vy[i] + z[i] * vz[i];
  return sum;
};

W.append = function (n) {
  let text = "";
  for (let i = 0; i < n; i++) text += "x";
  return text.length;
};

W.hash = function (n) {
  const h = {};
  for (let i = 0; i < n; i++) {
    const key = "k" + ((i * 7) % 1000);
    h[key] = (h[key] || 0) + 1;
  }
  let sum = 0;
  for (let i = 0; i < 1000; i++) sum += (h["k" + i] || 0) * i;
  return sum;
};

// Only where a host gives `mix`.
W.host_call = function (n) {
  let x = 0;
  for (let i = 0; i < n; i++) x = mix(x, i);
  return x;
};

function measure(name, n, runs) {
  let answer;
  for (let i = 0; i < runs; i++) answer = W[name](n);
  return answer;
}

function answer(line) {
  const [name, n, runs] = line.split(" ");
  return String(measure(name, +n, +runs)) + "\n";
}

if (typeof embedded !== "undefined") {
  globalThis.measure = measure;
} else if (typeof std !== "undefined") {
  for (let line; (line = std.in.getline()) !== null; ) {
    std.out.puts(answer(line));
    std.out.flush();
  }
} else {
  const lines = require("readline").createInterface({ input: process.stdin });
  lines.on("line", (line) => process.stdout.write(answer(line)));
}
