;; A module with a start function that uses memory.atomic.wait and notify (wasm-ld generates such a function for programs with threads): the first
;; instance to start notifies the others, which wait for that.
;;
;; guest:
;;   expect-stdout: "on\n"
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (global $started (mut i32) (i32.const 0))
  (start $begin)
  ;; 0: not begun, 1: in progress, 2: done.
  (func $begin
    (global.set $started (i32.const 1))
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1)))
      (then
        (i32.store (i32.const 16) (i32.const 32))
        (i32.store (i32.const 20) (i32.const 3))
        (i32.store (i32.const 32) (i32.const 0x0a6e6f))
        (i32.atomic.store (i32.const 0) (i32.const 2))
        (drop (memory.atomic.notify (i32.const 0) (i32.const -1))))
      (else
        (loop $until
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
          (br_if $until (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 2)))))))
  (func (export "wasi_thread_start") (param $tid i32) (param $argument i32)
    (i32.atomic.store (i32.const 4) (global.get $started))
    (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
  (func (export "_start")
    (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then (call $exit (i32.const 1))))
    (loop $until
      (drop (memory.atomic.wait32 offset=4 (i32.const 0) (i32.const 0) (i64.const -1)))
      (br_if $until (i32.eqz (i32.atomic.load (i32.const 4)))))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))))
