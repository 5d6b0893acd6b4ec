;; A module without _start is no command.
;;
;; guest:
;;   expect-refused: _start
(module
  (memory (export "memory") 1)
  (func (export "main")))
