;; Two functions that no WASI has: both are named, so that one need not try twice.
;;
;; guest:
;;   expect-refused: no_such_call
;;   expect-refused: nor_this_one
(module
  (import "wasi_snapshot_preview1" "no_such_call" (func))
  (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "nor_this_one" (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
