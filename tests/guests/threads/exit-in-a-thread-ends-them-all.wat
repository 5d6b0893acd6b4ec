;; One thread calls proc_exit while main waits in memory.atomic.wait forever, a second thread spins, and a third reads the empty stdin: the process
;; and all its threads end with that code.
;;
;; guest:
;;   stdin: hold
;;   expect-exit: 7
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (export "memory" (memory 0))
  (func (export "wasi_thread_start") (param $tid i32) (param $role i32)
    ;; Each thread reports that it runs; the one that exits waits for the other two.
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (if (i32.eq (local.get $role) (i32.const 1)) (then (loop $spin (br $spin))))
    (if (i32.eq (local.get $role) (i32.const 2))
      (then (drop (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))))
    (loop $until (br_if $until (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 3))))
    (call $exit (i32.const 7)))
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 1))
    (drop (call $spawn (i32.const 1)))
    (drop (call $spawn (i32.const 2)))
    (drop (call $spawn (i32.const 3)))
    (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1)))
    (call $exit (i32.const 1))))
