;; A thread that waits on a word sleeps until it is notified; then it sees everything that was written before, and its own variables are unchanged.
;; (Node 20's baseline compiler loses them in a wait.)
;;
;; guest:
;;   expect-exit: 22
(module
  ;;   0: the word; 4: the thread's id; 8: its argument; 64: a subscription, 112: its event, 144: the number of events
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (func (export "wasi_thread_start") (param $tid i32) (param $argument i32)
    ;; sleeps for 20 ms, so that the other thread is waiting by then
    (i32.store (i32.const 80) (i32.const 1)) ;; the monotonic clock
    (i64.store (i32.const 88) (i64.const 20000000))
    (drop (call $poll (i32.const 64) (i32.const 112) (i32.const 1) (i32.const 144)))
    (i32.store (i32.const 4) (local.get $tid))
    (i32.store (i32.const 8) (local.get $argument))
    (i32.atomic.store (i32.const 0) (i32.const 1))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "_start") (local $tid i32)
    ;; no thread notifies this word: 2 is "timed out"
    (if (i32.ne (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const 1000000)) (i32.const 2))
      (then (call $exit (i32.const 1))))
    (local.set $tid (call $spawn (i32.const 12345)))
    (if (i32.le_s (local.get $tid) (i32.const 0)) (then (call $exit (i32.const 2))))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (if (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 1)) (then (call $exit (i32.const 3))))
    (if (i32.ne (i32.load (i32.const 4)) (local.get $tid)) (then (call $exit (i32.const 4))))
    (if (i32.ne (i32.load (i32.const 8)) (i32.const 12345)) (then (call $exit (i32.const 5))))
    (call $exit (i32.const 22))))
