;; Starts threads that end at once, without waiting for any of them. Only a kill ends it.
;;
;; guest:
;;   expect-stdout: "on\n"
;;   expect-timeout: 1500ms
(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (export "memory" (memory 0))
  (func (export "wasi_thread_start") (param i32 i32))
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 32))
    (i32.store (i32.const 20) (i32.const 3))
    (i32.store (i32.const 32) (i32.const 0x0a6e6f))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
    (loop $more
      (drop (call $spawn (i32.const 0)))
      (br $more))))
