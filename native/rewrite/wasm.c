/* wasm.c - the rewriter as a separate wasm module (rewrite.wasm). An instance rewrites one module: worker/rewrite.ts calls these functions in order,
 * and then discards the instance. */
#include <stdlib.h>

#include "rewrite/rewrite.h"

#define X(result, name, ...) __attribute__((export_name(#name))) result name(__VA_ARGS__);
#include "rewrite/exports.def"
#undef X

__attribute__((import_module("hf"), import_name("write"))) void js_write(const uint8_t *bytes, size_t size);

static struct hf_rewrite *rewrite;
static struct hf_rewrite_error error;

/* Returns the address for the module's bytes; 0: no memory. */
void *rw_alloc(size_t size)
{
	return malloc(size ? size : 1);
}

/* Returns nonzero if the module can be rewritten. `limit_pages`: negative for no limit. */
uint32_t rw_open(const uint8_t *module, size_t size, uint32_t check, uint32_t fuel, double limit_pages,
                 uint32_t refuse_objects)
{
	const struct hf_rewrite_options options = {
		.check = (enum hf_rewrite_check)check,
		.fuel = fuel,
		.limit_pages = limit_pages < 0 ? HF_REWRITE_NO_LIMIT : (uint64_t)limit_pages,
		.refuse_objects = refuse_objects,
	};
	rewrite = hf_rewrite_open(module, size, &options, &error);
	return rewrite != NULL;
}

/* After a refusal: the reason, NUL-terminated, and the offset. */
const char *rw_error(void)
{
	return error.text;
}

size_t rw_error_offset(void)
{
	return error.offset;
}

uint32_t rw_fault(void)
{
	return error.fault;
}

/* For use after success. */
double rw_size(void)
{
	return (double)hf_rewrite_size(rewrite);
}

static void sink(void *context, const uint8_t *bytes, size_t size)
{
	(void)context;
	js_write(bytes, size);
}

void rw_write(void)
{
	hf_rewrite_write(rewrite, sink, NULL);
}

const char *rw_prefix(void)
{
	return hf_rewrite_prefix(rewrite);
}

uint32_t rw_has_start(void)
{
	return hf_rewrite_has_start(rewrite);
}

/* Returns the number of memories in the module. */
uint32_t rw_memories(void)
{
	return hf_rewrite_memories(rewrite);
}

/* Returns the i-th memory that the host must create; 0 when there are no more. */
const struct hf_rewrite_numbers *rw_memory(uint32_t i)
{
	static struct hf_rewrite_numbers numbers;
	struct hf_rewrite_memory memory;
	if (!hf_rewrite_memory(rewrite, i, &memory))
		return NULL;
	numbers = (struct hf_rewrite_numbers){
		.initial = (double)memory.initial,
		.maximum = memory.maximum == UINT64_MAX ? -1 : (double)memory.maximum,
		.shared = memory.shared,
		.memory64 = memory.memory64,
	};
	return &numbers;
}
