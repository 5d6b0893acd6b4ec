;; A component whose exports `ask` and `check` pass what they are given to functions of the page.
(component
  (import "test:page/host@1.2.3" (instance $page
    (export "shout-out" (func (param "text" string) (result string)))
    (export "check" (func (param "n" u32) (result (result u32 (error string)))))))
  (core module $libc (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (func $realloc (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.get $at)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (core func $shout (canon lower (func $page "shout-out") (memory $memory) (realloc $realloc)))
  (core func $check (canon lower (func $page "check") (memory $memory) (realloc $realloc)))
  (core module $m
    (import "page" "shout" (func $shout (param i32 i32 i32)))
    (import "page" "check" (func $check (param i32 i32)))
    (func (export "ask") (param i32 i32) (result i32)
      (call $shout (local.get 0) (local.get 1) (i32.const 16))
      (i32.const 16))
    (func (export "check") (param i32) (result i32)
      (call $check (local.get 0) (i32.const 32))
      (i32.const 32)))
  (core instance $m (instantiate $m
    (with "page" (instance (export "shout" (func $shout)) (export "check" (func $check))))))
  (func (export "ask") (param "text" string) (result string)
    (canon lift (core func $m "ask") (memory $memory) (realloc $realloc)))
  (func (export "check") (param "n" u32) (result (result u32 (error string)))
    (canon lift (core func $m "check") (memory $memory) (realloc $realloc))))
