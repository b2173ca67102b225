;; Those of the shared workloads that need neither strings nor nested arrays, for WebAssembly.
;; Arrays lie in the memory, eight bytes an element, as those of native Rust do.
(module
  (import "host" "mix" (func $mix (param i64 i64) (result i64)))
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
    (i32.wrap_i64 (i64.shl (local.get $i) (i64.const 3))))
  (func (export "sieve") (param $n i64) (result f64)
    (local $i i64) (local $j i64) (local $count i64)
    (block $filled
      (loop $fill
        (br_if $filled (i64.gt_s (local.get $i) (local.get $n)))
        (i64.store (call $at (local.get $i)) (i64.const 1))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $fill)))
    (local.set $i (i64.const 2))
    (block $end
      (loop $outer
        (br_if $end (i64.gt_s (local.get $i) (local.get $n)))
        (if (i64.eq (i64.load (call $at (local.get $i))) (i64.const 1))
          (then
            (local.set $count (i64.add (local.get $count) (i64.const 1)))
            (local.set $j (i64.mul (local.get $i) (local.get $i)))
            (block $next
              (loop $inner
                (br_if $next (i64.gt_s (local.get $j) (local.get $n)))
                (i64.store
                  (i32.wrap_i64 (i64.shl (local.get $j) (i64.const 3)))
                  (i64.const 0))
                (local.set $j (i64.add (local.get $j) (local.get $i)))
                (br $inner)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $outer)))
    (f64.convert_i64_s (local.get $count)))

  ;; The second matrix is a mebibyte behind the first.
  (func (export "matmul") (param $n i64) (result f64)
    (local $size i32) (local $i i32) (local $j i32) (local $k i32) (local $at i32)
    (local $sum f64) (local $total f64)
    (local.set $size (i32.wrap_i64 (local.get $n)))
    (block $filled
      (loop $rows
        (br_if $filled (i32.ge_s (local.get $i) (local.get $size)))
        (local.set $j (i32.const 0))
        (block $next_row
          (loop $columns
            (br_if $next_row (i32.ge_s (local.get $j) (local.get $size)))
            (local.set $at
              (i32.shl
                (i32.add (i32.mul (local.get $i) (local.get $size)) (local.get $j))
                (i32.const 3)))
            (f64.store (local.get $at)
              (f64.mul
                (f64.convert_i32_s (i32.sub (local.get $i) (local.get $j)))
                (f64.const 0.5)))
            (f64.store offset=1048576 (local.get $at)
              (f64.mul
                (f64.convert_i32_s (i32.add (local.get $i) (local.get $j)))
                (f64.const 0.25)))
            (local.set $j (i32.add (local.get $j) (i32.const 1)))
            (br $columns)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $rows)))
    (local.set $i (i32.const 0))
    (block $end
      (loop $rows
        (br_if $end (i32.ge_s (local.get $i) (local.get $size)))
        (local.set $j (i32.const 0))
        (block $next_row
          (loop $columns
            (br_if $next_row (i32.ge_s (local.get $j) (local.get $size)))
            (local.set $sum (f64.const 0))
            (local.set $k (i32.const 0))
            (block $summed
              (loop $products
                (br_if $summed (i32.ge_s (local.get $k) (local.get $size)))
                (local.set $sum
                  (f64.add
                    (local.get $sum)
                    (f64.mul
                      (f64.load
                        (i32.shl
                          (i32.add
                            (i32.mul (local.get $i) (local.get $size))
                            (local.get $k))
                          (i32.const 3)))
                      (f64.load offset=1048576
                        (i32.shl
                          (i32.add
                            (i32.mul (local.get $k) (local.get $size))
                            (local.get $j))
                          (i32.const 3))))))
                (local.set $k (i32.add (local.get $k) (i32.const 1)))
                (br $products)))
            (local.set $total (f64.add (local.get $total) (local.get $sum)))
            (local.set $j (i32.add (local.get $j) (i32.const 1)))
            (br $columns)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $rows)))
    (local.get $total))

  (func $sort (param $low i32) (param $high i32)
    (local $i i32) (local $j i32) (local $pivot i64) (local $held i64)
    (if (i32.ge_s (local.get $low) (local.get $high)) (then (return)))
    (local.set $pivot
      (i64.load
        (i32.shl
          (i32.shr_s (i32.add (local.get $low) (local.get $high)) (i32.const 1))
          (i32.const 3))))
    (local.set $i (local.get $low))
    (local.set $j (local.get $high))
    (block $split
      (loop $top
        (br_if $split (i32.gt_s (local.get $i) (local.get $j)))
        (block $stop_up
          (loop $up
            (br_if $stop_up
              (i64.ge_s
                (i64.load (i32.shl (local.get $i) (i32.const 3)))
                (local.get $pivot)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $up)))
        (block $stop_down
          (loop $down
            (br_if $stop_down
              (i64.le_s
                (i64.load (i32.shl (local.get $j) (i32.const 3)))
                (local.get $pivot)))
            (local.set $j (i32.sub (local.get $j) (i32.const 1)))
            (br $down)))
        (if (i32.le_s (local.get $i) (local.get $j))
          (then
            (local.set $held (i64.load (i32.shl (local.get $i) (i32.const 3))))
            (i64.store
              (i32.shl (local.get $i) (i32.const 3))
              (i64.load (i32.shl (local.get $j) (i32.const 3))))
            (i64.store (i32.shl (local.get $j) (i32.const 3)) (local.get $held))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (local.set $j (i32.sub (local.get $j) (i32.const 1)))))
        (br $top)))
    (call $sort (local.get $low) (local.get $j))
    (call $sort (local.get $i) (local.get $high)))
  (func (export "quicksort") (param $n i64) (result f64)
    (local $size i32) (local $i i32) (local $seed i64) (local $sum i64)
    (local.set $size (i32.wrap_i64 (local.get $n)))
    (local.set $seed (i64.const 42))
    (block $filled
      (loop $fill
        (br_if $filled (i32.ge_s (local.get $i) (local.get $size)))
        (local.set $seed
          (i64.rem_s
            (i64.add (i64.mul (local.get $seed) (i64.const 3877)) (i64.const 29573))
            (i64.const 139968)))
        (i64.store (i32.shl (local.get $i) (i32.const 3)) (local.get $seed))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $fill)))
    (call $sort (i32.const 0) (i32.sub (local.get $size) (i32.const 1)))
    (local.set $i (i32.const 0))
    (block $end
      (loop $top
        (br_if $end (i32.ge_s (local.get $i) (local.get $size)))
        (local.set $sum
          (i64.add
            (local.get $sum)
            (i64.mul
              (i64.load (i32.shl (local.get $i) (i32.const 3)))
              (i64.extend_i32_s (i32.rem_s (local.get $i) (i32.const 10))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $top)))
    (f64.convert_i64_s (local.get $sum)))

  ;; Seven arrays, 64 bytes apart: places at 0, 64 and 128, speeds at 192, 256 and 320, masses at 384.
  ;; `$i` and `$j` count in bytes.
  (func (export "nbody") (param $n i64) (result f64)
    (local $i i32) (local $j i32) (local $k f64)
    (local $dx f64) (local $dy f64) (local $dz f64) (local $dd f64)
    (local $mag f64) (local $mi f64) (local $mj f64) (local $sum f64)
    (loop $fill
      (local.set $k (f64.convert_i32_s (i32.shr_s (local.get $i) (i32.const 3))))
      (f64.store (local.get $i) (f64.mul (local.get $k) (f64.const 1.5)))
      (f64.store offset=64 (local.get $i)
        (f64.sub (f64.const 2) (f64.mul (local.get $k) (f64.const 0.75))))
      (f64.store offset=128 (local.get $i)
        (f64.mul (f64.mul (local.get $k) (local.get $k)) (f64.const 0.25)))
      (f64.store offset=192 (local.get $i)
        (f64.mul (f64.sub (local.get $k) (f64.const 2)) (f64.const 0.125)))
      (f64.store offset=256 (local.get $i)
        (f64.mul (f64.sub (f64.const 2) (local.get $k)) (f64.const 0.25)))
      (f64.store offset=320 (local.get $i) (f64.mul (local.get $k) (f64.const 0.0625)))
      (f64.store offset=384 (local.get $i)
        (f64.div (f64.const 1) (f64.add (local.get $k) (f64.const 1))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $fill (i32.lt_s (local.get $i) (i32.const 40))))
    (block $end
      (loop $steps
        (br_if $end (i64.le_s (local.get $n) (i64.const 0)))
        (local.set $n (i64.sub (local.get $n) (i64.const 1)))
        (local.set $i (i32.const 0))
        (loop $bodies
          (local.set $j (i32.add (local.get $i) (i32.const 8)))
          (block $next
            (loop $others
              (br_if $next (i32.ge_s (local.get $j) (i32.const 40)))
              (local.set $dx (f64.sub (f64.load (local.get $i)) (f64.load (local.get $j))))
              (local.set $dy
                (f64.sub (f64.load offset=64 (local.get $i)) (f64.load offset=64 (local.get $j))))
              (local.set $dz
                (f64.sub (f64.load offset=128 (local.get $i)) (f64.load offset=128 (local.get $j))))
              (local.set $dd
                (f64.add
                  (f64.add
                    (f64.mul (local.get $dx) (local.get $dx))
                    (f64.mul (local.get $dy) (local.get $dy)))
                  (f64.mul (local.get $dz) (local.get $dz))))
              (local.set $mag
                (f64.div
                  (f64.const 0.01)
                  (f64.mul (local.get $dd) (f64.sqrt (local.get $dd)))))
              (local.set $mi (f64.mul (f64.load offset=384 (local.get $i)) (local.get $mag)))
              (local.set $mj (f64.mul (f64.load offset=384 (local.get $j)) (local.get $mag)))
              (f64.store offset=192 (local.get $i)
                (f64.sub
                  (f64.load offset=192 (local.get $i))
                  (f64.mul (local.get $dx) (local.get $mj))))
              (f64.store offset=256 (local.get $i)
                (f64.sub
                  (f64.load offset=256 (local.get $i))
                  (f64.mul (local.get $dy) (local.get $mj))))
              (f64.store offset=320 (local.get $i)
                (f64.sub
                  (f64.load offset=320 (local.get $i))
                  (f64.mul (local.get $dz) (local.get $mj))))
              (f64.store offset=192 (local.get $j)
                (f64.add
                  (f64.load offset=192 (local.get $j))
                  (f64.mul (local.get $dx) (local.get $mi))))
              (f64.store offset=256 (local.get $j)
                (f64.add
                  (f64.load offset=256 (local.get $j))
                  (f64.mul (local.get $dy) (local.get $mi))))
              (f64.store offset=320 (local.get $j)
                (f64.add
                  (f64.load offset=320 (local.get $j))
                  (f64.mul (local.get $dz) (local.get $mi))))
              (local.set $j (i32.add (local.get $j) (i32.const 8)))
              (br $others)))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br_if $bodies (i32.lt_s (local.get $i) (i32.const 40))))
        (local.set $i (i32.const 0))
        (loop $move
          (f64.store (local.get $i)
            (f64.add
              (f64.load (local.get $i))
              (f64.mul (f64.const 0.01) (f64.load offset=192 (local.get $i)))))
          (f64.store offset=64 (local.get $i)
            (f64.add
              (f64.load offset=64 (local.get $i))
              (f64.mul (f64.const 0.01) (f64.load offset=256 (local.get $i)))))
          (f64.store offset=128 (local.get $i)
            (f64.add
              (f64.load offset=128 (local.get $i))
              (f64.mul (f64.const 0.01) (f64.load offset=320 (local.get $i)))))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br_if $move (i32.lt_s (local.get $i) (i32.const 40))))
        (br $steps)))
    (local.set $i (i32.const 0))
    (loop $add
      (local.set $sum
        (f64.add
          (local.get $sum)
          (f64.mul (f64.load (local.get $i)) (f64.load offset=192 (local.get $i)))))
      (local.set $sum
        (f64.add
          (local.get $sum)
          (f64.mul (f64.load offset=64 (local.get $i)) (f64.load offset=256 (local.get $i)))))
      (local.set $sum
        (f64.add
          (local.get $sum)
          (f64.mul (f64.load offset=128 (local.get $i)) (f64.load offset=320 (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $add (i32.lt_s (local.get $i) (i32.const 40))))
    (local.get $sum))

  (func (export "host_call") (param $n i64) (result f64)
    (local $i i64) (local $x i64)
    (block $end
      (loop $top
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $x (call $mix (local.get $x) (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $top)))
    (f64.convert_i64_s (local.get $x)))
)
