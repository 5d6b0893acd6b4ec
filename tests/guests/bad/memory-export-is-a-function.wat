;; Something is exported as "memory", but it is no memory.
;;
;; guest:
;;   expect-refused: memory
(module
  (func (export "memory"))
  (func (export "_start")))
