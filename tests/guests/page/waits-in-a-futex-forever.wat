;; Waits on a word, without the kernel, for a notify that never comes.
;;
;; guest:
;;   expect-stdout: "on\n"
;;   expect-timeout: 300ms
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (data (i32.const 0) "\10\00\00\00\03\00\00\00")
  (data (i32.const 16) "on\n")
  (func $say (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $say)
    (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1)))))
