;; Unknown imports that are not functions are reported, too.
;;
;; guest:
;;   expect-refused: stack_pointer
;;   expect-refused: wanted_table
(module
  (import "env" "stack_pointer" (global (mut i32)))
  (import "env" "wanted_table" (table 1 funcref))
  (memory (export "memory") 1)
  (func (export "_start")))
