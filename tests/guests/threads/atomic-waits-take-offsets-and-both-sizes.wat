;; memory.atomic.wait of 4 and of 8 bytes, and notify, each with an offset: "not equal" is returned at once, a timeout when it has passed, and a
;; waiting thread is woken by a notify of the same address with a different offset.
;;
;; guest:
;;   expect-exit: 0
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  ;; 32: the 8 bytes that main waits for; 48: main was woken
  (func (export "wasi_thread_start") (param i32 i32)
    (loop $until
      (drop (memory.atomic.notify offset=16 (i32.const 16) (i32.const 1)))
      (br_if $until (i32.eqz (i32.atomic.load (i32.const 48))))))
  (func (export "_start")
    (i32.atomic.store (i32.const 8) (i32.const 3))
    (if (i32.ne (memory.atomic.wait32 offset=4 (i32.const 4) (i32.const 0) (i64.const -1)) (i32.const 1))
      (then (call $exit (i32.const 1))))
    (if (i32.ne (memory.atomic.wait32 offset=4 (i32.const 4) (i32.const 3) (i64.const 1000)) (i32.const 2))
      (then (call $exit (i32.const 2))))
    ;; Only the upper half differs.
    (i64.atomic.store (i32.const 24) (i64.const 0x100000000))
    (if (i32.ne (memory.atomic.wait64 offset=16 (i32.const 8) (i64.const 0) (i64.const -1)) (i32.const 1))
      (then (call $exit (i32.const 3))))
    (if (i32.ne (memory.atomic.wait64 offset=16 (i32.const 8) (i64.const 0x100000000) (i64.const 0)) (i32.const 2))
      (then (call $exit (i32.const 4))))
    (if (memory.atomic.notify offset=16 (i32.const 16) (i32.const 1))
      (then (call $exit (i32.const 5))))
    (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then (call $exit (i32.const 6))))
    (if (memory.atomic.wait64 offset=24 (i32.const 8) (i64.const 0) (i64.const -1))
      (then (call $exit (i32.const 7))))
    (i32.atomic.store (i32.const 48) (i32.const 1))))
