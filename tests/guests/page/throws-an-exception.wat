;; An uncaught exception ends the program like a trap.
;;
;; guest:
;;   expect-trap: exception
(module
  (tag $oh)
  (memory (export "memory") 1)
  (func (export "_start") (throw $oh)))
