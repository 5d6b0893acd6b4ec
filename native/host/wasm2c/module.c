/* module.c - makes a struct hf_guest_module from wasm2c's output. Compiled once per guest, after a header (-include, written by host/wasm2c.mjs)
 * that includes wasm2c's header and defines:
 *
 *   GUEST_START(instance)                    calls _start
 *   GUEST_THREAD_START(instance, tid, arg)   calls wasi_thread_start; only if there is one
 *   GUEST_INSTANTIATE(instance, memory)      calls wasm2c_guest_instantiate
 *   GUEST_OWN_MEMORY(instance)               the memory that it exports, or
 *   GUEST_MEMORY_MIN, GUEST_MEMORY_MAX       the limits of the memory that it imports
 *   GUEST_MEMORY_IMPORT                      the beginning of the function that returns it, with the parameter `memory`
 *   GUEST_SHARED                             1 if the memory is shared
 */
#include <holdfast/guest_module.h>

#include "wasm-rt-impl.h"

#if GUEST_SHARED
typedef wasm_rt_shared_memory_t memory_t;
#define allocate wasm_rt_allocate_memory_shared
#define release wasm_rt_free_memory_shared
#else
typedef wasm_rt_memory_t memory_t;
#define allocate wasm_rt_allocate_memory
#define release wasm_rt_free_memory
#endif

#if defined(GUEST_OWN_MEMORY)
#define MEMORY(instance, memory) ((void)(memory), GUEST_OWN_MEMORY(instance))
#else
#define MEMORY(instance, memory) ((void)(instance), (memory_t *)(memory))

/* wasm2c calls this with the module from which it imports, which is the memory itself. */
GUEST_MEMORY_IMPORT
{
	return (memory_t *)(void *)memory;
}

static void *memory_create(void)
{
	memory_t *memory = calloc(1, sizeof *memory);
	if (memory)
		allocate(memory, GUEST_MEMORY_MIN, GUEST_MEMORY_MAX, false, WASM_DEFAULT_PAGE_SIZE);
	return memory;
}

static void memory_destroy(void *memory)
{
	release(memory);
	free(memory);
}
#endif

static uint8_t *memory_base(void *instance, void *memory)
{
	return (uint8_t *)(uintptr_t)MEMORY(instance, memory)->data;
}

static uint64_t memory_pages(void *instance, void *memory)
{
	memory_t *at = MEMORY(instance, memory);
#if GUEST_SHARED
	/* Another thread may be growing it. */
	pthread_mutex_lock(&at->mem_lock);
	uint64_t pages = at->pages;
	pthread_mutex_unlock(&at->mem_lock);
	return pages;
#else
	return at->data ? at->pages : 0;
#endif
}

static const char *run(void *instance, void *memory, uint32_t tid, uint32_t argument)
{
	wasm_rt_trap_t trap = (wasm_rt_trap_t)wasm_rt_impl_try();
	if (trap != WASM_RT_TRAP_NONE)
		return wasm_rt_strerror(trap);
	hf_guest_idle();
	GUEST_INSTANTIATE(instance, memory);
	if (tid == 0)
		GUEST_START(instance);
#if defined(GUEST_THREAD_START)
	else
		GUEST_THREAD_START(instance, tid, argument);
#else
	(void)argument;
#endif
	hf_guest_busy();
	return NULL;
}

static void instance_free(void *instance)
{
	wasm2c_guest_free(instance);
}

__attribute__((visibility("default"))) const struct hf_guest_module hf_guest_module = {
	.abi = HF_GUEST_MODULE_ABI,
	.instance_size = sizeof(w2c_guest),
#if !defined(GUEST_OWN_MEMORY)
	.memory_create = memory_create,
	.memory_destroy = memory_destroy,
#endif
	.memory_base = memory_base,
	.memory_pages = memory_pages,
	.run = run,
	.instance_free = instance_free,
};
