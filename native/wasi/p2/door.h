/* door.h - how a function of preview 2 gets in and out of the kernel, and what its body works with.
 *
 * A body is `static RESULT sys_NAME(hf_b b, flat parameters)`; P2_DOOR puts it behind the door that a component's import is bound to. The body runs in
 * the kernel, with no lock held. Once a helper has reported a fault, the body returns at once, with any value: the thread is then
 * ordered to stop, and unwinds at the door. So helpers that can fail return 0, or -HF_EINTR after a trap or an order to stop.
 *
 * p2.wasm never stores a pointer to one of its own functions in shared memory, and has no element segment: other modules over this memory could
 * not call it. Variation is a switch. It has no static variables that change: what a process needs is in its struct hf_p2. */
#ifndef HF_WASI_P2_DOOR_H
#define HF_WASI_P2_DOOR_H

#include "wasi/p2/object.h"
#include "wasi/p2/wasm.h"
#include "wasi/sys.h"

#if defined(__wasm__)
#define P2_EXPORT(name) __attribute__((export_name("p2_" #name)))
#else
#define P2_EXPORT(name)
#endif

/* P2_DOOR(result type, name, (parameters without the binding…), the names of the parameters…). P2_VOID_DOOR: without a result. */
#define P2_DOOR(result, name, parameters, ...)                                                \
	P2_EXPORT(name) result hf_p2_##name(hf_b b P2_UNPACK parameters);                         \
	result hf_p2_##name(hf_b b P2_UNPACK parameters)                                          \
	{                                                                                         \
		result value = hf__p2_come_in(b, HF_P2_CALL_##name) ? sys_##name(b, __VA_ARGS__) : 0; \
		HF__P2_GO_OUT(b, HF_P2_CALL_##name, (uint64_t)value, HF__P2_NINE(__VA_ARGS__));       \
		return value;                                                                         \
	}
#define P2_VOID_DOOR(name, parameters, ...)                               \
	P2_EXPORT(name) void hf_p2_##name(hf_b b P2_UNPACK parameters);       \
	void hf_p2_##name(hf_b b P2_UNPACK parameters)                        \
	{                                                                     \
		if (hf__p2_come_in(b, HF_P2_CALL_##name))                         \
			sys_##name(b, __VA_ARGS__);                                   \
		HF__P2_GO_OUT(b, HF_P2_CALL_##name, 0, HF__P2_NINE(__VA_ARGS__)); \
	}
/* For a function without parameters. */
#define P2_PLAIN_DOOR(result, name)                                              \
	P2_EXPORT(name) result hf_p2_##name(hf_b b);                                 \
	result hf_p2_##name(hf_b b)                                                  \
	{                                                                            \
		result value = hf__p2_come_in(b, HF_P2_CALL_##name) ? sys_##name(b) : 0; \
		HF__P2_GO_OUT(b, HF_P2_CALL_##name, (uint64_t)value, HF__P2_NINE(0));    \
		return value;                                                            \
	}
#define P2_UNPACK(...) , __VA_ARGS__

#define HF__P2_NINE(...) HF__P2_FIRST_NINE(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define HF__P2_FIRST_NINE(a1, a2, a3, a4, a5, a6, a7, a8, a9, ...) a1, a2, a3, a4, a5, a6, a7, a8, a9
#define HF__P2_NINE_PARAMETERS \
	uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8, uint64_t a9

#define HF_P2_MAY_NOT_LEAVE \
	"an import was called while the component must not call any (in its realloc or post-return function)"

/* Enter and leave the kernel; leaving unwinds a thread that must stop. */
static inline void hf__p2_enter(struct hf_p2 *p2, uint32_t call)
{
	hf__p2_check_stack(p2);
	hf_door_enter(p2->thread);
	hf_counter_set(&p2->thread->call, call);
}

static inline void hf__p2_leave(struct hf_p2 *p2)
{
	hf_door_leave(p2->thread);
}

/* The uncommon cases of the next two: the call is traced, or must not be made. */
bool hf__p2_come_in_slowly(hf_b b);
void hf__p2_trace(hf_b b, uint32_t call, uint64_t result, HF__P2_NINE_PARAMETERS);

/* Enters for a call of an import. False: the instance may not call imports now, which is a trap. */
static inline bool hf__p2_come_in(hf_b b, uint32_t call)
{
	struct hf_thread *thread = b->p2->thread;
	hf__p2_enter(b->p2, call);
	hf_counter_add(&thread->syscalls, 1);
	return (!hf_counter_own(&thread->traced) && b->instance->may_leave) || hf__p2_come_in_slowly(b);
}

/* Leaves again. A traced call is shown with its parameters and its result. */
#define HF__P2_GO_OUT(b, call, result, ...)                          \
	do {                                                             \
		if (hf_counter_own(&(b)->p2->thread->traced))                \
			hf__p2_trace(b, call, result, __VA_ARGS__);              \
		uint64_t calls = hf_counter_own(&(b)->p2->thread->syscalls); \
		hf__p2_leave((b)->p2);                                       \
		hf__p2_look_at_slice(calls);                                 \
	} while (0)

/* ---- traps: these return -HF_EINTR, and the thread stops at the door ---- */

/* Ends the process with the message "INTERFACE FUNCTION: WHY". */
int hf__p2_trap(struct hf_p2 *p2, const char *why);
/* The same with a number in the text, in place of its only '#'. */
int hf__p2_trap_at(struct hf_p2 *p2, const char *why, uint64_t number);
int hf__p2_no_memory(struct hf_p2 *p2);

/* ---- the guest's memory: memory.c ---- */

/* Traps unless [address, address + size) is aligned and in the memory. Return pointers are checked with it before anything is moved. */
HF_MUST_CHECK static inline int hf__p2_check(hf_b b, uint32_t address, uint64_t size, uint32_t alignment);
/* Check, then copy once. */
HF_MUST_CHECK int hf__p2_get(hf_b b, void *to, uint32_t from, uint64_t size, uint32_t alignment);
HF_MUST_CHECK int hf__p2_put(hf_b b, uint32_t to, const void *from, uint64_t size, uint32_t alignment);
/* Stores a result that hf__p2_check has accepted; memory never shrinks. */
static inline void hf__p2_store(hf_b b, uint32_t to, const void *from, uint32_t size)
{
	if (size > 0)
		b->mem.copy_out(to, from, size);
}
/* A list or string of the guest's, copied into memory of the state; *out is for hf__p2_give_back. At most `most` elements, or a trap. */
HF_MUST_CHECK int hf__p2_get_list(hf_b b, uint32_t address, uint32_t count, uint32_t element_size, uint32_t alignment,
                                  uint32_t most, void **out);
/* Allocates in the guest, for a result. The thread runs guest code meanwhile and may be killed, so the body may own only blocks
 * of the state and descriptors of the process. Traps unless what realloc returns is aligned and in the memory. Blocks while the guest runs. */
HF_MUST_CHECK int hf__p2_realloc(hf_b b, uint32_t alignment, uint64_t size, uint32_t *out);
/* Allocates in the guest, and copies the bytes there. */
HF_MUST_CHECK int hf__p2_put_new(hf_b b, const void *bytes, uint64_t size, uint32_t alignment, uint32_t *out);

/* How many bytes the open file has from the offset on, at most `most`; -HF_ENOTSUP if hf__p2_put_file cannot read it, because that might block. */
HF_MUST_CHECK int64_t hf__p2_left_in_file(struct hf_file *file, uint64_t offset, uint32_t most);
/* Allocates in the guest, and reads that many bytes of the file there, without a copy in between. If another program truncates the file while the guest
 * allocates, the rest are zeros (as in a read on Linux at such a moment): the list cannot be shorter, because the guest frees it by its length. The
 * caller has no view of the descriptor. */
HF_MUST_CHECK int hf__p2_put_file(hf_b b, uint32_t fd, uint64_t offset, uint32_t count, uint32_t *out);

/* A list or a string, as stored in a result. */
struct hf_p2_list {
	uint32_t at, count;
};
/* Stores a string, of UTF-8 without a NUL. */
HF_MUST_CHECK int hf__p2_put_string(hf_b b, const char *text, uint32_t size, struct hf_p2_list *out);

/* ---- handles: handles.c ---- */

/* The object of a handle of this type, which the body borrows; NULL after a trap. */
static inline void *hf__p2_borrow(hf_b b, enum hf_p2_type type, uint32_t handle);
/* The object of a handle of this type, which the body takes over with its reference: the handle is gone. NULL after a trap. */
void *hf__p2_take(hf_b b, enum hf_p2_type type, uint32_t handle);
/* A handle that owns the object, whose reference it takes over, also on failure. 0 after a trap; `object` NULL (no memory) is a trap, too. */
uint32_t hf__p2_give(hf_b b, struct hf_p2_object *object);

/* ---- the common cases, inline, because most calls begin with both ---- */

int hf__p2_check_slowly(hf_b b, uint32_t address, uint64_t size, uint32_t alignment);
void *hf__p2_borrow_slowly(hf_b b, enum hf_p2_type type, uint32_t handle);

static inline int hf__p2_check(hf_b b, uint32_t address, uint64_t size, uint32_t alignment)
{
	bool known = size > 0 && size <= UINT32_MAX && address + size <= hf_counter_own(&b->mem.known_size);
	return known && !(address & (alignment - 1)) ? 0 : hf__p2_check_slowly(b, address, size, alignment);
}

static inline void *hf__p2_borrow(hf_b b, enum hf_p2_type type, uint32_t handle)
{
	const struct hf_p2_instance *instance = b->instance;
	/* Index 0 is no handle. */
	if (handle - 1 < instance->used - 1 && instance->handles[handle].type == type)
		return (void *)instance->handles[handle].rep;
	return hf__p2_borrow_slowly(b, type, handle);
}

#endif
