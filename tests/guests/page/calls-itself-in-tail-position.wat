;; Tail-calls itself forever, without using stack. Only for the tests of interruptible programs: V8 compiles this to a jump without checks, so
;; terminating the worker does not end it, neither in Chromium nor in Node 24.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\03\00\00\00")
  (data (i32.const 16) "on\n")
  (func $say (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $again (return_call $again))
  (func (export "_start") (call $say) (return_call $again)))
