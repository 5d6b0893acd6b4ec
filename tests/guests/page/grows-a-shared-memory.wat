;; Imports a shared memory of three pages, grows it page by page up to 100, and exits with the final number of pages.
;;
;; guest:
;;   expect-exit: 100
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 3 200 shared))
  (func (export "_start")
    (loop $more
      (br_if $more
        (i32.and
          (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
          (i32.lt_u (memory.size) (i32.const 100)))))
    (call $exit (memory.size))))
