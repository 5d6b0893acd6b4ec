;; Measures the cost of a bare import: calls ("bench" "now"), a function without arguments that returns a number, `n` times and returns the sum, so
;; that no call can be optimized away. The benchmark binds it to `performance.now`. Not a test: it has no "guest" header.
(module
  (import "bench" "now" (func $now (result f64)))
  (memory (export "memory") 1)
  (func (export "run") (param $n i32) (result f64)
    (local $sum f64)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (f64.add (local.get $sum) (call $now)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $sum)))
