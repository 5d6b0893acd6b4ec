;; A module may import from wasi_unstable and wasi_snapshot_preview1 at once; each function uses its own snapshot's numbers: whence 2 is the end for
;; the new fd_seek and the start for the old one.
;;
;; guest:
;;   dir: /
;;   expect-exit: 0
(module
  (import "wasi_unstable" "fd_seek" (func $old_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $new_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "file")
  (func $check (param $ok i32) (param $code i32)
    (if (i32.eqz (local.get $ok)) (then (call $proc_exit (local.get $code)))))
  (func $fd (result i32) (i32.load (i32.const 8)))
  (func (export "_start")
    ;; O_CREAT; fd_seek, fd_tell and fd_filestat_set_size among the rights
    (call $check
      (i32.eqz
        (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1)
          (i64.const 0x400066) (i64.const 0) (i32.const 0) (i32.const 8)))
      (i32.const 1))
    (call $check (i32.eqz (call $set_size (call $fd) (i64.const 10))) (i32.const 2))
    (call $check (i32.eqz (call $new_seek (call $fd) (i64.const -3) (i32.const 2) (i32.const 16))) (i32.const 3))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 7)) (i32.const 4))
    (call $check (i32.eqz (call $old_seek (call $fd) (i64.const 4) (i32.const 2) (i32.const 16))) (i32.const 5))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 4)) (i32.const 6))
    (call $check (i32.eqz (call $old_seek (call $fd) (i64.const 1) (i32.const 0) (i32.const 16))) (i32.const 7))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 5)) (i32.const 8))
    (call $check (i32.eqz (call $new_seek (call $fd) (i64.const 1) (i32.const 1) (i32.const 16))) (i32.const 9))
    (call $check (i64.eq (i64.load (i32.const 16)) (i64.const 6)) (i32.const 10))))
