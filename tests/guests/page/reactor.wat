;; A reactor exports _initialize: it is no command, and the message says so.
;;
;; guest:
;;   expect-refused: reactor
(module
  (memory (export "memory") 1)
  (func (export "_initialize")))
