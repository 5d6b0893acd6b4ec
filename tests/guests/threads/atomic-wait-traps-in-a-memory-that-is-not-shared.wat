;; In a memory that is imported but not shared, notify wakes no thread, and wait traps, whatever the memory holds (threads proposal).
;;
;; guest:
;;   expect-trap: .
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 1))
  (func (export "_start")
    (if (i32.ne (memory.atomic.notify (i32.const 64) (i32.const 1)) (i32.const 0))
      (then (call $exit (i32.const 1))))
    ;; A different value: a wait in a shared memory would return "not equal".
    (drop (memory.atomic.wait32 (i32.const 64) (i32.const 5) (i64.const -1)))
    (call $exit (i32.const 2))))
