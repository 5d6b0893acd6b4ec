;; Like the Fibonacci numbers, but each call goes through a table.
;;
;; guest:
;;   expect-stdout: "on\n"
;;   expect-timeout: 300ms
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\03\00\00\00")
  (data (i32.const 16) "on\n")
  (func $say (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (type $step (func (param i64)))
  (table 1 funcref)
  (elem (i32.const 0) $down)
  (func $down (type $step)
    (if (i64.eqz (local.get 0)) (then (return)))
    (call_indirect (type $step) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0))
    (call_indirect (type $step) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))
  (func (export "_start") (call $say) (call $down (i64.const 80))))
