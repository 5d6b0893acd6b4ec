;; A reactor that makes no system call: it asks its host for text when it is called, keeps its length, and grows when it is told to.
(module
  (import "env" "text" (func $text (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "ask") (result i32) (call $text (i32.const 0) (i32.const 65536)))
  (func (export "grow") (param $pages i32) (result i32) (memory.grow (local.get $pages))))
