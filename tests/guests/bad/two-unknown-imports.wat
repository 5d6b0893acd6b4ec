;; Two functions that do not exist in WASI: the message names both, so that users need not try twice.
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
