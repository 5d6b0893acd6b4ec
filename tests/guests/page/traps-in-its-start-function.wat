;; The module's start function traps: a trap like any other.
;;
;; guest:
;;   expect-trap: unreachable
(module
  (memory (export "memory") 1)
  (func $begin unreachable)
  (start $begin)
  (func (export "_start")))
