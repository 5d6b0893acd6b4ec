;; A reactor with functions of many signatures, for calls by another guest (passes-numbers.wat).
(module
  (global $calls (mut i32) (i32.const 0))
  (func (export "nothing") (global.set $calls (i32.add (global.get $calls) (i32.const 1))))
  (func (export "calls") (result i32) (global.get $calls))
  (func (export "integers") (param i32 i64) (result i64) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func (export "floats") (param f32 f64) (result f64) (f64.add (f64.promote_f32 (local.get 0)) (local.get 1)))
  (func (export "single") (param f32) (result f32) (f32.neg (local.get 0)))
  (func (export "same") (param i32) (result i32) (local.get 0))
  (func (export "wide") (param f64) (result f64) (local.get 0))
  (func (export "pair") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "many") (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64) (result f64)
    (f64.add
      (f64.mul (f64.const 1) (f64.convert_i32_s (local.get 0)))
      (f64.add
      (f64.mul (f64.const 2) (f64.convert_i64_s (local.get 1)))
      (f64.add
      (f64.mul (f64.const 3) (f64.promote_f32 (local.get 2)))
      (f64.add
      (f64.mul (f64.const 4) (local.get 3))
      (f64.add
      (f64.mul (f64.const 5) (f64.convert_i32_s (local.get 4)))
      (f64.add
      (f64.mul (f64.const 6) (f64.convert_i64_s (local.get 5)))
      (f64.add
      (f64.mul (f64.const 7) (f64.promote_f32 (local.get 6)))
      (f64.add
      (f64.mul (f64.const 8) (local.get 7))
      (f64.add
      (f64.mul (f64.const 9) (f64.convert_i32_s (local.get 8)))
      (f64.add
      (f64.mul (f64.const 10) (f64.convert_i64_s (local.get 9)))
      (f64.add
      (f64.mul (f64.const 11) (f64.promote_f32 (local.get 10)))
      (f64.add
      (f64.mul (f64.const 12) (local.get 11))
      (f64.add
      (f64.mul (f64.const 13) (f64.convert_i32_s (local.get 12)))
      (f64.add
      (f64.mul (f64.const 14) (f64.convert_i64_s (local.get 13)))
      (f64.const 0))))))))))))))))
  (func $deep (param i32) (if (local.get 0) (then (unreachable))))
  (func (export "trap") (param i32) (call $deep (local.get 0))))
