/* wasm.c - the rewriter as a wasm module of its own (rewrite.wasm), for one module an instance: worker/rewriter.ts calls these in order and then
 * throws the instance away. */
#include <stdlib.h>

#include "rewrite/rewrite.h"

#define EXPORT(name) __attribute__((export_name(name)))

__attribute__((import_module("hf"), import_name("write"))) void js_write(const uint8_t *bytes, size_t size);

static struct hf_rewrite *rewrite;
static struct hf_rewrite_error error;

/* Where the module is to be put; 0: no memory. */
EXPORT("rw_alloc") void *rw_alloc(size_t size);
void *rw_alloc(size_t size)
{
	return malloc(size ? size : 1);
}

/* Nonzero when it can be rewritten. `limit_pages`: negative for none. */
EXPORT("rw_open")
uint32_t rw_open(const uint8_t *module, size_t size, uint32_t check, uint32_t fuel, double limit_pages,
                 uint32_t refuse_objects);
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

/* After a refusal: why, ended by a NUL, and where. */
EXPORT("rw_error") const char *rw_error(void);
const char *rw_error(void)
{
	return error.text;
}

EXPORT("rw_error_offset") size_t rw_error_offset(void);
size_t rw_error_offset(void)
{
	return error.offset;
}

EXPORT("rw_fault") uint32_t rw_fault(void);
uint32_t rw_fault(void)
{
	return error.fault;
}

/* After success. */
EXPORT("rw_size") double rw_size(void);
double rw_size(void)
{
	return (double)hf_rewrite_size(rewrite);
}

static void sink(void *context, const uint8_t *bytes, size_t size)
{
	(void)context;
	js_write(bytes, size);
}

EXPORT("rw_write") void rw_write(void);
void rw_write(void)
{
	hf_rewrite_write(rewrite, sink, NULL);
}

EXPORT("rw_prefix") const char *rw_prefix(void);
const char *rw_prefix(void)
{
	return hf_rewrite_prefix(rewrite);
}

EXPORT("rw_has_start") uint32_t rw_has_start(void);
uint32_t rw_has_start(void)
{
	return hf_rewrite_has_start(rewrite);
}

/* Memories that the module has. */
EXPORT("rw_memories") uint32_t rw_memories(void);
uint32_t rw_memories(void)
{
	return hf_rewrite_memories(rewrite);
}

/* Four numbers of the i-th memory that the host is to make: pages at first, pages at most (negative: any), whether it is shared, whether it is
 * of 64 bits. 0 when there are no more. */
EXPORT("rw_memory") const double *rw_memory(uint32_t i);
const double *rw_memory(uint32_t i)
{
	static double numbers[4];
	struct hf_rewrite_memory memory;
	if (!hf_rewrite_memory(rewrite, i, &memory))
		return NULL;
	numbers[0] = (double)memory.initial;
	numbers[1] = memory.maximum == UINT64_MAX ? -1 : (double)memory.maximum;
	numbers[2] = memory.shared;
	numbers[3] = memory.memory64;
	return numbers;
}
