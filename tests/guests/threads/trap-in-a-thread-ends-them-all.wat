;; A thread traps while main sleeps in poll_oneoff: the trap ends the process.
;;
;; guest:
;;   expect-trap: unreachable
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (export "memory" (memory 0))
  ;; A subscription to the monotonic clock, an hour from now.
  (data (i32.const 128) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
  (func (export "wasi_thread_start") (param i32 i32) (unreachable))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 512)))))
