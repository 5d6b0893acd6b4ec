;; A module that does not export its memory, so no system call could access it.
;;
;; guest:
;;   expect-refused: memory
(module
  (memory 1)
  (func (export "_start")))
