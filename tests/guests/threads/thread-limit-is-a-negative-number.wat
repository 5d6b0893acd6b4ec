;; Starting threads endlessly fails with a negative number, without a trap or a hang; running threads continue, and each has a different, positive id.
;;
;; guest:
;;   expect-exit: 0
(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (func (export "wasi_thread_start") (param $tid i32) (param i32)
    (if (i32.le_s (local.get $tid) (i32.const 0)) (then (call $exit (i32.const 3))))
    (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1))))
  (func (export "_start")
    (local $count i32) (local $tid i32) (local $last i32)
    (loop $more
      (local.set $tid (call $spawn (i32.const 0)))
      (if (i32.gt_s (local.get $tid) (i32.const 0))
        (then
          (if (i32.eq (local.get $tid) (local.get $last)) (then (call $exit (i32.const 4))))
          (local.set $last (local.get $tid))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (if (i32.gt_u (local.get $count) (i32.const 100000)) (then (call $exit (i32.const 5))))
          (br $more))))
    (if (i32.eqz (local.get $count)) (then (call $exit (i32.const 6))))
    (if (i32.ge_s (local.get $tid) (i32.const 0)) (then (call $exit (i32.const 7))))))
