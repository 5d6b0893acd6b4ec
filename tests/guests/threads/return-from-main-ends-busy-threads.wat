;; main returns: the process ends with code 0, although a thread still spins.
;;
;; guest:
;;   expect-exit: 0
(module
  (import "any" "name" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (export "memory" (memory 0))
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (loop $spin (br $spin)))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (loop $until (br_if $until (i32.eqz (i32.atomic.load (i32.const 0)))))))
