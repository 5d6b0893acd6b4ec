;; Defines a memory of three pages without a maximum, grows it page by page up to 100, and exits with the final number of pages.
;;
;; guest:
;;   expect-exit: 100
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 3)
  (func (export "_start")
    (loop $more
      (br_if $more
        (i32.and
          (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
          (i32.lt_u (memory.size) (i32.const 100)))))
    (call $exit (memory.size))))
