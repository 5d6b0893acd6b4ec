;; A reactor that makes no system call: when it is called, it gets text from its host and keeps the length; another export grows its memory.
(module
  (import "env" "text" (func $text (param i32 i32) (result i32)))
  (import "env" "take" (func $take (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $size (result i32) (i32.mul (memory.size) (i32.const 65536)))
  (func (export "ask") (result i32) (call $text (i32.const 0) (i32.const 65536)))
  (func (export "grow") (param $pages i32) (result i32) (memory.grow (local.get $pages)))
  ;; Its whole memory as text: as a result, and as an argument to the host.
  (func (export "whole_memory") (result i32 i32) (i32.const 0) (call $size))
  (func (export "give_all") (result i32) (call $take (i32.const 0) (call $size))))
