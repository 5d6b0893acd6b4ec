;; fd_write with one argument too few: refused before it runs, and the message names the function.
;;
;; guest:
;;   expect-refused: fd_write
(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
