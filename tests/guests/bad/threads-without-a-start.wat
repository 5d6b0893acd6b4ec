;; It imports thread-spawn, but has no entry for threads and no memory that they could share.
;;
;; guest:
;;   expect-refused: wasi_thread_start
;;   expect-refused: not its memory
(module
  (import "wasi" "thread-spawn" (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
