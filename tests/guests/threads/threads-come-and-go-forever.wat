;; One thread waits on memory for a notify that never comes, another makes system calls, and others start and end. Only a kill ends it.
;;
;; guest:
;;   expect-stdout: "on\n"
;;   expect-timeout: 1500ms
(module
  (import "any" "name" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (export "memory" (memory 0))
  (func (export "wasi_thread_start") (param $tid i32) (param $what i32)
    (if (i32.eq (local.get $what) (i32.const 1))
      (then (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1)))))
    (if (i32.eq (local.get $what) (i32.const 2))
      (then (loop $calls (drop (call $yield)) (br $calls))))
    (drop (i32.atomic.rmw.sub (i32.const 0) (i32.const 1))))
  (func (export "_start")
    ;; Stored by code, because each thread's instance would write a data segment again.
    (i32.store (i32.const 16) (i32.const 32))
    (i32.store (i32.const 20) (i32.const 3))
    (i32.store (i32.const 32) (i32.const 0x0a6e6f))
    ;; This comes first, because how long threads take to start depends on the machine.
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
    (drop (call $spawn (i32.const 1)))
    (drop (call $spawn (i32.const 2)))
    (loop $more
      ;; A thread that cannot be created now may be created later.
      (i32.atomic.store (i32.const 0) (i32.const 1))
      (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))
        (then (loop $until
          (drop (call $yield))
          (br_if $until (i32.atomic.load (i32.const 0))))))
      (drop (call $yield))
      (br $more))))
