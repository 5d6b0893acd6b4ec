;; Returns and passes references, which JavaScript can hold but messages cannot carry, and calls a function that takes two texts.
(module
  (import "env" "take" (func $take (param funcref) (result i32)))
  (import "env" "join" (func $join (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (elem declare func $reference)
  (func $reference (export "reference") (result funcref) (ref.func $reference))
  (func (export "nothing") (result externref) (ref.null extern))
  (func (export "pass") (result i32) (call $take (ref.func $reference)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  ;; the lengths of the two adjacent texts, and the room for the result at 512
  (func (export "joined") (param $first i32) (param $second i32) (param $room i32) (result i32)
    (call $join (i32.const 0) (local.get $first) (local.get $first) (local.get $second) (i32.const 512) (local.get $room))))
