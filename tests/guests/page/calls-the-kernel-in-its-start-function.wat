;; System calls in the module's start function, before the host has the memory: whatever they return, nothing breaks.
;;
;; guest:
;;   expect-exit: 0
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $begin (drop (call $random_get (i32.const 0) (i32.const 64))))
  (start $begin)
  (func (export "_start")))
