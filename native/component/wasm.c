/* wasm.c - the parser of components as a separate wasm module (component.wasm). An instance reads one component: the coordinator calls these functions
 * in order, and then discards the instance. */
#include <stdlib.h>

#include "component/component.h"

#define X(result, name, ...) __attribute__((export_name(#name))) result name(__VA_ARGS__);
#include "component/exports.def"
#undef X

static struct hf_component *component;
static struct hf_component_error error;

/* Returns the address for the component's bytes; 0: no memory. */
void *cp_alloc(size_t size)
{
	return malloc(size ? size : 1);
}

/* Returns nonzero if there is a plan. */
uint32_t cp_open(const uint8_t *bytes, size_t size)
{
	component = hf_component_open(bytes, size, &error);
	return component != NULL;
}

/* After a refusal: the reason, NUL-terminated, the offset, and the kind of fault. */
const char *cp_error(void)
{
	return error.text;
}

size_t cp_error_offset(void)
{
	return error.offset;
}

uint32_t cp_fault(void)
{
	return error.fault;
}

/* After success: the plan. */
const uint32_t *cp_words(void)
{
	size_t count;
	return hf_component_words(component, &count);
}

size_t cp_words_count(void)
{
	size_t count;
	(void)hf_component_words(component, &count);
	return count;
}

const char *cp_names(void)
{
	size_t size;
	return hf_component_names(component, &size);
}

size_t cp_names_size(void)
{
	size_t size;
	(void)hf_component_names(component, &size);
	return size;
}
