;; An unknown import from "env", as in Emscripten's modules; the message says what is missing.
;;
;; guest:
;;   expect-refused: env
;;   expect-refused: foo
(module
  (import "env" "foo" (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
