;; A trap some calls deep, after a loop; its stack names the functions.
;;
;; guest:
;;   expect-trap: unreachable
(module
  (memory (export "memory") 1)
  (func $innermost (param $n i32)
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    unreachable)
  (func $between (call $innermost (i32.const 3)))
  (func $start (export "_start") (call $between)))
