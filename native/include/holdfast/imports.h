/* imports.h - imports.def as C: a prototype for each import. */
#ifndef HOLDFAST_IMPORTS_H
#define HOLDFAST_IMPORTS_H

#include <stddef.h>
#include <stdint.h>

struct hf_thread;

#if defined(__wasm__)
#include <names.h> /* tools/abi.mjs */
#define HF_IMPORTED(name) __attribute__((import_module("hf"), import_name(HF_NAME_OF_js_##name)))
#else /* tests/native/support/coordinator.c */
#define HF_IMPORTED(name)
#endif
#define X(result, name, ...) HF_IMPORTED(name) result js_##name(__VA_ARGS__);
#include <holdfast/imports.def>
#undef X

#endif
