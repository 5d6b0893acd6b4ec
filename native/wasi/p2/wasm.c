/* wasm.c - preview 2 as a separate wasm module over the kernel's memory, loaded with the first component (CMakeLists.txt: p2).
 *
 * - Its data are at a fixed place, HF_P2_DATA, which the kernel's allocator leaves free; the first instance writes them.
 * - Its stack is, in a worker, the process's: it lies below the state, so the code that instantiates the module in a worker first sets the exported global
 *   __stack_pointer to the address of the state. In the coordinator the stack follows the data.
 * - It imports the kernel's table, to call what the kernel keeps there: operations of files, the guest's memory, the guest's realloc. It has no elements
 *   and no thread-local storage.
 * - Files of the kernel that keep no state are compiled again into this module; functions of the others are imported (kernel.def). */
#include <string.h>

#include "platform/alloc.h"
#include "wasi/p2/p2.h"
#include "wasi/p2/wasm.h"

#define X(result, name, ...) __attribute__((export_name(#name))) result name(__VA_ARGS__);
#include "wasi/p2/exports.def"
#undef X

/* Of the kernel's exports to TypeScript. */
#define KERNEL(name) __attribute__((import_module("kernel"), import_name(HF_NAME_OF_##name)))
KERNEL(c_alloc) void *k_alloc(uint32_t size);
KERNEL(c_free) void k_free(void *block);

/* ---- the kernel's functions under other names ---- */

/* Enters the kernel and leaves it again, so that the door handles the thread's orders. */
void hf__door_closed(uint32_t found)
{
	(void)found;
	k_interrupt();
	__builtin_trap();
}

void hf__door_ordered(struct hf_thread *thread)
{
	(void)thread;
	k_interrupt();
}

void *hf_zone_alloc(enum hf_zone zone, size_t size)
{
	(void)zone;
	return k_alloc(size);
}

void *hf_zone_alloc_zeroed(enum hf_zone zone, size_t size)
{
	void *block = hf_zone_alloc(zone, size);
	if (block)
		memset(block, 0, size);
	return block;
}

void hf_free(void *block)
{
	k_free(block);
}

/* The next thread that comes to the door finds this one in the kernel, and panics there. */
void hf_plat_panic(const char *file, int line, const char *message)
{
	(void)file, (void)line, (void)message;
	__builtin_trap();
}

/* ---- the exports ---- */

struct hf_p2 *pc_create(uint32_t http)
{
	return hf_p2_create(http);
}

void pc_free(struct hf_p2 *p2)
{
	hf_p2_free(p2);
}

const char *pc_call_name(uint32_t call, uint32_t part)
{
	return hf_p2_call_name(call, part);
}

void pw_begin(struct hf_p2 *p2, struct hf_thread *thread)
{
	hf_p2_begin(p2, thread);
}

struct hf_p2_instance *pw_instance(struct hf_p2 *p2)
{
	return hf_p2_instance(p2);
}

struct hf_p2_binding *pw_bind(struct hf_p2_instance *instance, void (*copy_in)(void *, uint32_t, uint32_t),
                              void (*copy_out)(uint32_t, const void *, uint32_t), uint32_t (*pages)(void),
                              uint32_t (*realloc)(uint32_t, uint32_t, uint32_t, uint32_t))
{
	return hf_p2_bind(instance, copy_in, copy_out, pages, realloc);
}

void pw_may_leave(struct hf_p2_instance *instance, uint32_t may_leave)
{
	hf_p2_may_leave(instance, may_leave);
}

uint32_t pw_leaves(const struct hf_p2_instance *instance)
{
	return instance->may_leave;
}

uint64_t pw_serve(struct hf_p2_instance *instance)
{
	return hf_p2_serve(instance);
}

uint32_t pw_new_type(struct hf_p2 *p2)
{
	return hf_p2_new_type(p2);
}

uint32_t pw_resource_new(struct hf_p2_instance *instance, uint32_t type, uint32_t rep)
{
	return hf_p2_resource_new(instance, type, rep);
}

uint32_t pw_resource_rep(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	return hf_p2_resource_rep(instance, type, handle);
}

uint64_t pw_resource_drop(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	return hf_p2_resource_drop(instance, type, handle);
}

uint32_t pw_lift_own(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	return hf_p2_lift_own(instance, type, handle);
}

uint32_t pw_lift_borrow(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	return hf_p2_lift_borrow(instance, type, handle);
}

void pw_end_lend(struct hf_p2_instance *instance, uint32_t handle)
{
	hf_p2_end_lend(instance, handle);
}

uint32_t pw_lower_own(struct hf_p2_instance *instance, uint32_t type, uint32_t rep)
{
	return hf_p2_lower_own(instance, type, rep);
}

uint32_t pw_lower_borrow(struct hf_p2_instance *instance, uint32_t type, uint32_t rep, uint32_t scope)
{
	return hf_p2_lower_borrow(instance, type, rep, scope);
}

uint32_t pw_borrows(struct hf_p2_instance *instance, uint32_t scope)
{
	return hf_p2_borrows(instance, scope);
}

void pw_release(struct hf_p2 *p2, uint32_t rep)
{
	hf_p2_release(p2, rep);
}
