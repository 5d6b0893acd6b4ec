;; Its start section makes two system calls with pointers before the host can know the memory that the module defines: each fails with EFAULT (21),
;; whether the program is interruptible or not. In _start the memory works.
;;
;; guest:
;;   expect-stdout: "ok\n"
;;   expect-exit: 42
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (global $written (mut i32) (i32.const -1))
  (global $sizes (mut i32) (i32.const -1))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\03\00\00\00")
  (data (i32.const 16) "ok\n")
  (func $start
    (global.set $written (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (global.set $sizes (call $args (i32.const 32) (i32.const 36))))
  (start $start)
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.add (global.get $written) (global.get $sizes)))))
