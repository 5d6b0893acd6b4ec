;; The way into a guest's memory: two memories in one module (wasm multi-memory), so that a copy between them is one instruction
;; and a system call never enters JavaScript. The kernel calls these through its table, with ranges that it has checked.
;; Small sizes are common (pointers, counts, timestamps); for these, two loads and stores are nine times as fast as the general copy.
(module
  (import "kernel" "memory" (memory $kernel 0 65536 shared))
  (import "guest" "memory" (memory $guest 0))

  (func (export "copy_in") (param $to i32) (param $from i32) (param $size i32)
    (if (i32.eq (local.get $size) (i32.const 8))
      (then (i64.store $kernel align=1 (local.get $to) (i64.load $guest align=1 (local.get $from))) (return)))
    (if (i32.eq (local.get $size) (i32.const 1))
      (then (i32.store8 $kernel (local.get $to) (i32.load8_u $guest (local.get $from))) (return)))
    (memory.copy $kernel $guest (local.get $to) (local.get $from) (local.get $size)))

  (func (export "copy_out") (param $to i32) (param $from i32) (param $size i32)
    (if (i32.eq (local.get $size) (i32.const 4))
      (then (i32.store $guest align=1 (local.get $to) (i32.load $kernel align=1 (local.get $from))) (return)))
    (if (i32.eq (local.get $size) (i32.const 8))
      (then (i64.store $guest align=1 (local.get $to) (i64.load $kernel align=1 (local.get $from))) (return)))
    (if (i32.eq (local.get $size) (i32.const 1))
      (then (i32.store8 $guest (local.get $to) (i32.load8_u $kernel (local.get $from))) (return)))
    (if (i32.eq (local.get $size) (i32.const 16))
      (then
        (i64.store $guest align=1 (local.get $to) (i64.load $kernel align=1 (local.get $from)))
        (i64.store $guest offset=8 align=1 (local.get $to) (i64.load $kernel offset=8 align=1 (local.get $from)))
        (return)))
    (memory.copy $guest $kernel (local.get $to) (local.get $from) (local.get $size)))

  (func (export "pages") (result i32) (memory.size $guest)))
