;; A reactor exports _initialize, so it is not a command; the message says so.
;;
;; guest:
;;   expect-refused: reactor
(module
  (memory (export "memory") 1)
  (func (export "_initialize")))
