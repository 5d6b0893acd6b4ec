;; Endless recursion with system calls at each level: the engine's stack overflows either in the guest's code or in the kernel's (the number of
;; arguments shifts the place). Either way it is a trap of this guest, and others are not affected.
;;
;; guest:
;;   dir: /
;;   expect-trap: stack
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "deep")
  (data (i32.const 80) "\40\00\00\00\20\00\00\00") ;; a vector: 32 bytes at 64

  ;; A frame of a different size, so that the levels of $deeper are at different addresses.
  (func $shift (param $left i32) (result i32)
    (if (result i32) (i32.eqz (local.get $left))
      (then (call $deeper (i32.const 0)))
      (else (i32.add (call $shift (i32.sub (local.get $left) (i32.const 1))) (i32.const 1)))))

  (func $deeper (param $depth i32) (result i32)
    (drop (call $pwrite (i32.load (i32.const 32)) (i32.const 80) (i32.const 1) (i64.extend_i32_u (local.get $depth)) (i32.const 128)))
    (i32.add (call $deeper (i32.add (local.get $depth) (i32.const 1))) (i32.const 1)))

  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    ;; creates "deep", for reading and writing
    (if (call $path_open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 4) (i32.const 1)
          (i64.const 0x46) (i64.const 0) (i32.const 0) (i32.const 32))
      (then (return)))
    (drop (call $shift (i32.load (i32.const 0))))))
