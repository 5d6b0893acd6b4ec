;; A module without _start is not a command.
;;
;; guest:
;;   expect-refused: _start
(module
  (memory (export "memory") 1)
  (func (export "main")))
