;; Those of the shared workloads that need neither strings nor nested arrays, for WebAssembly.
;; The array of `sieve` is the memory, four bytes an element.
(module
  (memory 64)

  (func $fib (param $n i64) (result i64)
    (if (result i64) (i64.lt_s (local.get $n) (i64.const 2))
      (then (local.get $n))
      (else
        (i64.add
          (call $fib (i64.sub (local.get $n) (i64.const 1)))
          (call $fib (i64.sub (local.get $n) (i64.const 2)))))))
  (func (export "fib") (param $n i64) (result f64)
    (f64.convert_i64_s (call $fib (local.get $n))))

  (func $ack (param $m i64) (param $n i64) (result i64)
    (if (i64.eqz (local.get $m))
      (then (return (i64.add (local.get $n) (i64.const 1)))))
    (if (i64.eqz (local.get $n))
      (then (return (call $ack (i64.sub (local.get $m) (i64.const 1)) (i64.const 1)))))
    (call $ack
      (i64.sub (local.get $m) (i64.const 1))
      (call $ack (local.get $m) (i64.sub (local.get $n) (i64.const 1)))))
  (func (export "ackermann") (param $n i64) (result f64)
    (f64.convert_i64_s (call $ack (i64.const 3) (local.get $n))))

  (func $tak (param $x i64) (param $y i64) (param $z i64) (result i64)
    (if (result i64) (i64.lt_s (local.get $y) (local.get $x))
      (then
        (call $tak
          (call $tak (i64.sub (local.get $x) (i64.const 1)) (local.get $y) (local.get $z))
          (call $tak (i64.sub (local.get $y) (i64.const 1)) (local.get $z) (local.get $x))
          (call $tak (i64.sub (local.get $z) (i64.const 1)) (local.get $x) (local.get $y))))
      (else (local.get $z))))
  (func (export "tak") (param $n i64) (result f64)
    (f64.convert_i64_s
      (call $tak
        (i64.mul (local.get $n) (i64.const 3))
        (i64.mul (local.get $n) (i64.const 2))
        (local.get $n))))

  (func (export "sum") (param $n i64) (result f64)
    (local $i i64) (local $sum i64)
    (block $end
      (loop $top
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $sum (i64.add (local.get $sum) (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $top)))
    (f64.convert_i64_s (local.get $sum)))

  (func (export "nested") (param $n i64) (result f64)
    (local $i i64) (local $j i64) (local $sum i64)
    (block $end
      (loop $outer
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $j (i64.const 0))
        (block $next
          (loop $inner
            (br_if $next (i64.ge_s (local.get $j) (local.get $n)))
            (local.set $sum
              (i64.add (local.get $sum) (i64.mul (local.get $i) (local.get $j))))
            (local.set $j (i64.add (local.get $j) (i64.const 1)))
            (br $inner)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $outer)))
    (f64.convert_i64_s (local.get $sum)))

  (func (export "collatz") (param $n i64) (result f64)
    (local $i i64) (local $x i64) (local $steps i64)
    (local.set $i (i64.const 1))
    (block $end
      (loop $outer
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $x (local.get $i))
        (block $next
          (loop $inner
            (br_if $next (i64.eq (local.get $x) (i64.const 1)))
            (local.set $x
              (if (result i64) (i64.eqz (i64.rem_s (local.get $x) (i64.const 2)))
                (then (i64.div_s (local.get $x) (i64.const 2)))
                (else (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))))
            (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
            (br $inner)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $outer)))
    (f64.convert_i64_s (local.get $steps)))

  (func (export "mandelbrot") (param $n i64) (result f64)
    (local $px i64) (local $py i64) (local $k i64) (local $total i64)
    (local $cr f64) (local $ci f64) (local $r f64) (local $i f64) (local $rr f64) (local $ii f64)
    (block $end
      (loop $rows
        (br_if $end (i64.ge_s (local.get $py) (local.get $n)))
        (local.set $ci
          (f64.sub
            (f64.div
              (f64.mul (f64.const 2) (f64.convert_i64_s (local.get $py)))
              (f64.convert_i64_s (local.get $n)))
            (f64.const 1)))
        (local.set $px (i64.const 0))
        (block $next_row
          (loop $points
            (br_if $next_row (i64.ge_s (local.get $px) (local.get $n)))
            (local.set $cr
              (f64.sub
                (f64.div
                  (f64.mul (f64.const 2) (f64.convert_i64_s (local.get $px)))
                  (f64.convert_i64_s (local.get $n)))
                (f64.const 1.5)))
            (local.set $r (f64.const 0))
            (local.set $i (f64.const 0))
            (local.set $k (i64.const 0))
            (block $next_point
              (loop $iterate
                (br_if $next_point (i64.ge_s (local.get $k) (i64.const 50)))
                (local.set $rr (f64.mul (local.get $r) (local.get $r)))
                (local.set $ii (f64.mul (local.get $i) (local.get $i)))
                (br_if $next_point
                  (f64.gt (f64.add (local.get $rr) (local.get $ii)) (f64.const 4)))
                (local.set $i
                  (f64.add
                    (f64.mul (f64.mul (f64.const 2) (local.get $r)) (local.get $i))
                    (local.get $ci)))
                (local.set $r
                  (f64.add (f64.sub (local.get $rr) (local.get $ii)) (local.get $cr)))
                (local.set $k (i64.add (local.get $k) (i64.const 1)))
                (br $iterate)))
            (local.set $total (i64.add (local.get $total) (local.get $k)))
            (local.set $px (i64.add (local.get $px) (i64.const 1)))
            (br $points)))
        (local.set $py (i64.add (local.get $py) (i64.const 1)))
        (br $rows)))
    (f64.convert_i64_s (local.get $total)))

  (func $at (param $i i64) (result i32)
    (i32.wrap_i64 (i64.shl (local.get $i) (i64.const 2))))
  (func (export "sieve") (param $n i64) (result f64)
    (local $i i64) (local $j i64) (local $count i64)
    (block $filled
      (loop $fill
        (br_if $filled (i64.gt_s (local.get $i) (local.get $n)))
        (i32.store (call $at (local.get $i)) (i32.const 1))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $fill)))
    (local.set $i (i64.const 2))
    (block $end
      (loop $outer
        (br_if $end (i64.gt_s (local.get $i) (local.get $n)))
        (if (i32.eq (i32.load (call $at (local.get $i))) (i32.const 1))
          (then
            (local.set $count (i64.add (local.get $count) (i64.const 1)))
            (local.set $j (i64.mul (local.get $i) (local.get $i)))
            (block $next
              (loop $inner
                (br_if $next (i64.gt_s (local.get $j) (local.get $n)))
                (i32.store
                  (i32.wrap_i64 (i64.shl (local.get $j) (i64.const 2)))
                  (i32.const 0))
                (local.set $j (i64.add (local.get $j) (local.get $i)))
                (br $inner)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $outer)))
    (f64.convert_i64_s (local.get $count)))
)
