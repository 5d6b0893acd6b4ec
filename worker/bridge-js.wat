;; The bridge for engines without multi-memory: the same three functions, imported from JavaScript. The kernel's table can only hold functions that a
;; wasm module exports, so this module exports what it imports.
(module
  (import "bridge" "copy_in" (func $copy_in (param i32 i32 i32)))
  (import "bridge" "copy_out" (func $copy_out (param i32 i32 i32)))
  (import "bridge" "pages" (func $pages (result i32)))
  (export "copy_in" (func $copy_in))
  (export "copy_out" (func $copy_out))
  (export "pages" (func $pages)))
