;; Defines tables without maxima, grows each in turn by 1,000 elements, up to 100,000, and exits with their total size in thousands.
;;
;; guest:
;;   expect-exit: 200
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (table $few 0 funcref)
  (table $many 0 externref)
  (table $fixed 10 10 funcref)
  (func (export "_start")
    (loop $more
      (br_if $more
        (i32.and
          (i32.ne (table.grow $few (ref.null func) (i32.const 1000)) (i32.const -1))
          (i32.lt_u (table.size $few) (i32.const 100000)))))
    (loop $more
      (br_if $more
        (i32.and
          (i32.ne (table.grow $many (ref.null extern) (i32.const 1000)) (i32.const -1))
          (i32.lt_u (table.size $many) (i32.const 100000)))))
    (call $exit (i32.div_u (i32.add (table.size $few) (table.size $many)) (i32.const 1000)))))
