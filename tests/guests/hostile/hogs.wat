;; Starts as many threads as it has arguments. Each repeats one thing forever that keeps the machine, the kernel's locks or the engine busy, depending on its number:
;;   0  reads 4 GiB of /dev/zero, in one call        3  renames a file back and forth in the tree's root
;;   1  reads 4 GiB of the hole in "hole"            4  creates threads that end at once
;;   2  lists the directory "many"                   5  grows memory and a table, and computes
;; Preopen 3 is the root, with "dev", "hole", "many" and "a". Writes a line once all have begun. Not a test: npm run soak -- --hostile runs it.
(module
  (import "env" "memory" (memory 80 256 shared))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (table $table 1 100000 funcref)
  (data (i32.const 16) "go\n")
  (data (i32.const 32) "dev/zero")
  (data (i32.const 48) "hole")
  (data (i32.const 56) "many")
  (data (i32.const 64) "a")
  (data (i32.const 72) "b")

  ;; A thread's argument is the address for its results: 12288 + 16 * its number, or 0 for threads that end at once.
  (func $descriptor (param $at i32) (param $name i32) (param $size i32) (param $rights i64) (result i32)
    (drop (call $open (i32.const 3) (i32.const 0) (local.get $name) (local.get $size) (i32.const 0)
      (local.get $rights) (i64.const 0) (i32.const 0) (local.get $at)))
    (i32.load (local.get $at)))
  (func $zero (param $at i32) (local $fd i32)
    (local.set $fd (call $descriptor (local.get $at) (i32.const 32) (i32.const 8) (i64.const 2)))
    (loop $again
      (drop (call $read (local.get $fd) (i32.const 1024) (i32.const 1024) (i32.add (local.get $at) (i32.const 4))))
      (br $again)))
  (func $hole (param $at i32) (local $fd i32)
    (local.set $fd (call $descriptor (local.get $at) (i32.const 48) (i32.const 4) (i64.const 6)))
    (loop $again
      (drop (call $pread (local.get $fd) (i32.const 1024) (i32.const 1024) (i64.const 0) (i32.add (local.get $at) (i32.const 4))))
      (br $again)))
  (func $list (param $at i32) (local $fd i32)
    (local.set $fd (call $descriptor (local.get $at) (i32.const 56) (i32.const 4) (i64.const 0x4000)))
    (loop $again
      (drop (call $readdir (local.get $fd) (i32.const 65536) (i32.const 4194304) (i64.const 0) (i32.add (local.get $at) (i32.const 4))))
      (br $again)))
  (func $move (loop $again
    (drop (call $rename (i32.const 3) (i32.const 64) (i32.const 1) (i32.const 3) (i32.const 72) (i32.const 1)))
    (drop (call $rename (i32.const 3) (i32.const 72) (i32.const 1) (i32.const 3) (i32.const 64) (i32.const 1)))
    (br $again)))
  (func $storm (loop $again (drop (call $spawn (i32.const 0))) (br $again)))
  (func $grow (loop $again
    (drop (memory.grow (i32.const 1)))
    (drop (table.grow $table (ref.null func) (i32.const 100)))
    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 1048576))
    (br $again)))

  (func $hog (param $at i32) (local $kind i32)
    (local.set $kind (i32.rem_u (i32.shr_u (i32.sub (local.get $at) (i32.const 12288)) (i32.const 4)) (i32.const 6)))
    (if (i32.eq (local.get $kind) (i32.const 0)) (then (call $zero (local.get $at))))
    (if (i32.eq (local.get $kind) (i32.const 1)) (then (call $hole (local.get $at))))
    (if (i32.eq (local.get $kind) (i32.const 2)) (then (call $list (local.get $at))))
    (if (i32.eq (local.get $kind) (i32.const 3)) (then (call $move)))
    (if (i32.eq (local.get $kind) (i32.const 4)) (then (call $storm)))
    (call $grow))
  (func (export "wasi_thread_start") (param i32 i32)
    (if (local.get 1) (then (call $hog (local.get 1)))))
  (func (export "_start") (local $i i32)
    ;; 1024 pieces of 4 MiB (the last one byte less), all the same memory from 64 KiB on
    (loop $pieces
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 8))) (i32.const 65536))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get $i) (i32.const 8)))
        (i32.sub (i32.const 4194304) (i32.eq (local.get $i) (i32.const 1023))))
      (br_if $pieces (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1024))))
    (drop (call $args (i32.const 0) (i32.const 4)))
    (local.set $i (i32.const 1))
    (block $enough (loop $threads
      (br_if $enough (i32.ge_u (local.get $i) (i32.load (i32.const 0))))
      (drop (call $spawn (i32.add (i32.const 12288) (i32.mul (local.get $i) (i32.const 16)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $threads)))
    (i32.store (i32.const 80) (i32.const 16))
    (i32.store (i32.const 84) (i32.const 3))
    (drop (call $write (i32.const 1) (i32.const 80) (i32.const 1) (i32.const 88)))
    (call $hog (i32.const 12288))))
