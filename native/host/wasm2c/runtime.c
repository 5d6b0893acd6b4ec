/* runtime.c - functions that translated guests call, besides the kernel's doors and wasm2c's runtime: memory.atomic.wait and notify, which wasm2c
 * lacks (host/wasm2c.mjs turns them into calls), and wrappers for the allocating functions of wasm2c's runtime, which must not be interrupted (the
 * linker inserts these by --wrap). */
#include <holdfast/guest_module.h>

#include "wasm-rt-impl.h"

/* ---- never interrupted ---- */

#define WRAP(type, name, parameters, arguments) \
	type __real_##name parameters;              \
	type __wrap_##name parameters;              \
	type __wrap_##name parameters               \
	{                                           \
		hf_guest_busy();                        \
		type result = __real_##name arguments;  \
		hf_guest_idle();                        \
		return result;                          \
	}
#define WRAP_VOID(name, parameters, arguments) \
	void __real_##name parameters;             \
	void __wrap_##name parameters;             \
	void __wrap_##name parameters              \
	{                                          \
		hf_guest_busy();                       \
		__real_##name arguments;               \
		hf_guest_idle();                       \
	}

WRAP_VOID(wasm_rt_allocate_memory,
          (wasm_rt_memory_t * memory, uint64_t initial, uint64_t max, bool is64, uint32_t page_size),
          (memory, initial, max, is64, page_size))
WRAP(uint64_t, wasm_rt_grow_memory, (wasm_rt_memory_t * memory, uint64_t pages), (memory, pages))
WRAP(uint64_t, wasm_rt_grow_memory_shared, (wasm_rt_shared_memory_t * memory, uint64_t pages), (memory, pages))
WRAP_VOID(wasm_rt_allocate_funcref_table, (wasm_rt_funcref_table_t * table, uint32_t size, uint32_t max),
          (table, size, max))
WRAP_VOID(wasm_rt_allocate_externref_table, (wasm_rt_externref_table_t * table, uint32_t size, uint32_t max),
          (table, size, max))
WRAP(uint32_t, wasm_rt_grow_funcref_table, (wasm_rt_funcref_table_t * table, uint32_t more, wasm_rt_funcref_t value),
     (table, more, value))
WRAP(uint32_t, wasm_rt_grow_externref_table,
     (wasm_rt_externref_table_t * table, uint32_t more, wasm_rt_externref_t value), (table, more, value))

/* ---- for tcc (host/wasm2c.mjs), which supports neither thread-local variables nor these builtins, and calls functions for conversions ---- */

uint32_t *hf_guest_depth(void);
uint32_t *hf_guest_depth(void)
{
	return &wasm_rt_call_stack_depth;
}

#define BUILTIN(name, type)             \
	int hf_guest_##name(type value);    \
	int hf_guest_##name(type value)     \
	{                                   \
		return __builtin_##name(value); \
	}
BUILTIN(clz, uint32_t)
BUILTIN(ctz, uint32_t)
BUILTIN(popcount, uint32_t)
BUILTIN(clzll, unsigned long long)
BUILTIN(ctzll, unsigned long long)
BUILTIN(popcountll, unsigned long long)

#define CONVERSION(name, to, from) \
	to name(from value);           \
	to name(from value)            \
	{                              \
		return (to)value;          \
	}
CONVERSION(__floatundisf, float, uint64_t)
CONVERSION(__floatundidf, double, uint64_t)
CONVERSION(__fixunssfdi, uint64_t, float)
CONVERSION(__fixunsdfdi, uint64_t, double)

/* The function that tcc calls for va_arg, which occurs only in wasm2c_guest_get_func_type; that is never called. */
void *__va_arg(void);
void *__va_arg(void)
{
	abort();
}

/* ---- memory.atomic.wait and notify; `memory` is NULL if it is not shared ---- */

/* Returns the operand's address; traps if it is outside the memory. */
static const uint8_t *operand(wasm_rt_shared_memory_t *memory, uint32_t offset, uint32_t address, uint32_t size)
{
	uint64_t at = (uint64_t)address + offset;
	pthread_mutex_lock(&memory->mem_lock);
	uint64_t end = memory->size;
	pthread_mutex_unlock(&memory->mem_lock);
	if (at % size != 0)
		wasm_rt_trap(WASM_RT_TRAP_UNALIGNED);
	if (at + size > end)
		wasm_rt_trap(WASM_RT_TRAP_OOB);
	return (const uint8_t *)(uintptr_t)memory->data + at;
}

static uint32_t wait(void *memory, uint32_t offset, uint32_t address, uint64_t expected, uint32_t size, int64_t timeout)
{
	if (!memory)
		wasm_rt_trap(WASM_RT_TRAP_UNREACHABLE); /* no thread could notify it: the specification requires a trap */
	hf_guest_busy();
	const uint8_t *at = operand(memory, offset, address, size);
	uint32_t result = hf_guest_wait(at, expected, size, timeout);
	hf_guest_idle();
	return result;
}

uint32_t w2c_holdfast_wait32(void *memory, uint32_t address, uint32_t expected, uint64_t timeout, uint32_t offset);
uint32_t w2c_holdfast_wait32(void *memory, uint32_t address, uint32_t expected, uint64_t timeout, uint32_t offset)
{
	return wait(memory, offset, address, expected, 4, (int64_t)timeout);
}

uint32_t w2c_holdfast_wait64(void *memory, uint32_t address, uint64_t expected, uint64_t timeout, uint32_t offset);
uint32_t w2c_holdfast_wait64(void *memory, uint32_t address, uint64_t expected, uint64_t timeout, uint32_t offset)
{
	return wait(memory, offset, address, expected, 8, (int64_t)timeout);
}

uint32_t w2c_holdfast_notify(void *memory, uint32_t address, uint32_t count, uint32_t offset);
uint32_t w2c_holdfast_notify(void *memory, uint32_t address, uint32_t count, uint32_t offset)
{
	if (!memory)
		return 0;
	hf_guest_busy();
	uint32_t woken = hf_guest_notify(operand(memory, offset, address, 4), count);
	hf_guest_idle();
	return woken;
}
