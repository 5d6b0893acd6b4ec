;; The kernel's access to the flags' memory. Every interruptible guest can access that memory, so it only holds a word for each thread.
(module
  (import "hf" "flags" (memory 1 1 shared))
  (func (export "flag_raise") (param $flag i32) (param $bits i32)
    (drop (i32.atomic.rmw.or (local.get $flag) (local.get $bits))))
  (func (export "flag_lower") (param $flag i32) (param $bits i32)
    (drop (i32.atomic.rmw.and (local.get $flag) (i32.xor (local.get $bits) (i32.const -1))))))
