;; The export "memory" is not a memory.
;;
;; guest:
;;   expect-refused: memory
(module
  (func (export "memory"))
  (func (export "_start")))
