;; A module that does not export its memory: no system call could reach it.
;;
;; guest:
;;   expect-refused: memory
(module
  (memory 1)
  (func (export "_start")))
