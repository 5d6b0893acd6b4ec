/* wasm_module.h - builds WebAssembly modules byte by byte for the rewriter's tests, and runs the rewriter on them. */
#ifndef HF_TEST_WASM_MODULE_H
#define HF_TEST_WASM_MODULE_H

#include "rewrite/rewrite.h"
#include "support/check.h"

struct wasm {
	uint8_t bytes[65536];
	size_t size;
};

/* A byte array and its size, as two arguments: WASM(0x0c, 0). */
#define WASM(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

void wasm_put(struct wasm *wasm, const uint8_t *bytes, size_t size);
/* Magic and version. */
void wasm_begin(struct wasm *wasm);
/* Contents of less than 16,384 bytes. */
void wasm_section(struct wasm *wasm, uint8_t id, const uint8_t *contents, size_t size);
/* A custom section. */
void wasm_custom(struct wasm *wasm, const char *name, const uint8_t *contents, size_t size);

/* A module with one of everything: type 0 is () -> (), and type 1 a mutable array of i32; function 0 is imported, 1 has the given body (including
 * its locals, without its `end`), and 2 is empty; table 0, memory 0, global 0 (i32), tag 0; a passive data segment and a passive element segment. */
void wasm_with_body(struct wasm *wasm, const uint8_t *body, size_t size);

/* Rewrites the module. Returns false and sets *error on failure. `stats`, if not NULL, describes the result. */
bool wasm_rewrite(const struct wasm *from, struct wasm *to, enum hf_rewrite_check check, uint64_t limit_pages,
                  struct hf_rewrite_stats *stats, struct hf_rewrite_error *error);

/* Returns the position of the bytes in the module, or -1. */
long wasm_find(const struct wasm *wasm, const void *bytes, size_t size);

#endif
