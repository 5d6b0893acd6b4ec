;; In a memory that is imported but not shared, notify wakes nobody, and wait traps, whatever stands there (threads proposal: it would wait for nobody).
;;
;; guest:
;;   expect-trap: .
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 1))
  (func (export "_start")
    (if (i32.ne (memory.atomic.notify (i32.const 64) (i32.const 1)) (i32.const 0))
      (then (call $exit (i32.const 1))))
    ;; Not what stands there: one that were not shared would say so.
    (drop (memory.atomic.wait32 (i32.const 64) (i32.const 5) (i64.const -1)))
    (call $exit (i32.const 2))))
