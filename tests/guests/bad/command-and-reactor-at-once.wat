;; A module is a command or a reactor: one that exports both _start and _initialize is refused.
;;
;; guest:
;;   expect-refused: _start and _initialize|instance.exports._initialize
(module
  (memory (export "memory") 1)
  (func (export "_initialize"))
  (func (export "_start")))
