;; A reactor whose functions have types of a recursive group, which functions of other modules do not have.
(module
  (rec (type $one (func (param i32) (result i32))) (type (func)))
  (import "other" "grouped" (func $other (type $one)))
  (memory (export "memory") 1)
  (func (export "grouped") (type $one) (i32.add (local.get 0) (i32.const 1)))
  (func (export "through") (type $one) (call $other (local.get 0))))
