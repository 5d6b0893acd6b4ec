;; A shared memory may have a maximum of zero pages.
;;
;; guest:
;;   expect-exit: 0
(module
  (import "env" "memory" (memory 0 0 shared))
  (export "memory" (memory 0))
  (func (export "_start")))
