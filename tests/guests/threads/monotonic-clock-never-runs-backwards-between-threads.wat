;; Four threads and main exchange the times of their clocks, 40,000 times each: a clock that is read after another thread's never returns an earlier time.
;;
;; guest:
;;   expect-exit: 0
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  ;; 0: a time that some thread got; 8: how many times a later reading was earlier; 12: threads that are done; 64n: the n-th thread's reading
  (func $look (param $at i32)
    (local $before i64) (local $now i64)
    (local.set $before (i64.atomic.load (i32.const 0)))
    (if (call $clock (i32.const 1) (i64.const 0) (local.get $at)) (then (unreachable)))
    (local.set $now (i64.load (local.get $at)))
    (if (i64.lt_u (local.get $now) (local.get $before))
      (then (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))))
    (i64.atomic.store (i32.const 0) (local.get $now)))
  (func $look_often (param $at i32)
    (local $left i32)
    (local.set $left (i32.const 40000))
    (loop $again
      (call $look (local.get $at))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left))))
  (func (export "wasi_thread_start") (param $tid i32) (param $at i32)
    (call $look_often (local.get $at))
    (drop (i32.atomic.rmw.add (i32.const 12) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 12) (i32.const 1))))
  (func (export "_start")
    (local $n i32) (local $done i32)
    (loop $more
      (call $look (i32.const 64)) ;; a time that a lone thread got counts, too
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (if (i32.le_s (call $spawn (i32.mul (i32.add (local.get $n) (i32.const 1)) (i32.const 64))) (i32.const 0))
        (then (call $exit (i32.const 1))))
      (br_if $more (i32.lt_u (local.get $n) (i32.const 4))))
    (call $look_often (i32.const 64))
    (loop $wait
      (local.set $done (i32.atomic.load (i32.const 12)))
      (if (i32.ne (local.get $done) (i32.const 4))
        (then
          (drop (memory.atomic.wait32 (i32.const 12) (local.get $done) (i64.const -1)))
          (br $wait))))
    (if (i32.atomic.load (i32.const 8)) (then (call $exit (i32.const 2))))))
