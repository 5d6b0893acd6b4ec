;; A thread's module: it imports a shared memory as "env" "mem", and its exports are entries of threads.
(module
  (import "env" "mem" (memory 1 16 shared))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "negate") (param i64) (result i64) (i64.sub (i64.const 0) (local.get 0)))
  (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
  (func (export "nothing"))
  (func (export "reference") (result externref) (ref.null extern))
  (func (export "store") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
  ;; adds one to a word and returns the new value
  (func (export "count") (param i32) (result i32) (i32.add (i32.atomic.rmw.add (local.get 0) (i32.const 1)) (i32.const 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "trap") (unreachable))
  (func (export "outside") (result i32) (i32.load (i32.const -8)))
  (func (export "exit") (param i32) (call $exit (local.get 0)))
  (func (export "spin") (loop $more (br $more)))
  ;; waits without a limit until the word is no longer the value, and returns the result of the wait
  (func (export "wait") (param i32 i32) (result i32)
    (i32.atomic.rmw.add (i32.const 60) (i32.const 1))
    drop
    (memory.atomic.wait32 (local.get 0) (local.get 1) (i64.const -1)))
  ;; sets the word, and returns how many threads it woke
  (func (export "wake") (param i32 i32) (result i32)
    (i32.atomic.store (local.get 0) (local.get 1))
    (memory.atomic.notify (local.get 0) (i32.const -1)))
  ;; writes `size` bytes at the pointer to standard output
  (func (export "print") (param i32 i32)
    (i32.store (i32.const 32) (local.get 0))
    (i32.store (i32.const 36) (local.get 1))
    (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40))))
  (export "memory" (memory 0)))
