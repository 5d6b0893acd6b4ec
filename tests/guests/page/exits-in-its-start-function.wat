;; The module's start function, which runs during instantiation, exits: this is an exit like any other.
;;
;; guest:
;;   expect-exit: 33
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $begin (call $proc_exit (i32.const 33)))
  (start $begin)
  (func (export "_start") unreachable))
