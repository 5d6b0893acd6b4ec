;; An exception that nobody catches ends the program as a trap does.
;;
;; guest:
;;   expect-trap: exception
(module
  (tag $oh)
  (memory (export "memory") 1)
  (func (export "_start") (throw $oh)))
