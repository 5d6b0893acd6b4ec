/* door.h - how a system call gets in and out of the kernel.
 *
 * In the browser each door is an export that the guest's import is bound to directly: a call from wasm to wasm. A door
 * has no stack frame of its own and touches no shared memory before it has won the thread's word, because a thread that
 * was claimed owns nothing any more (thread.h). So the body is a call of its own, never inlined into the door. */
#ifndef HF_WASI_DOOR_H
#define HF_WASI_DOOR_H

#include "wasi/sys.h"

#if defined(__wasm__)
#define HF_EXPORT(name) __attribute__((export_name(name)))
#else
#define HF_EXPORT(name)
#endif

static inline hf_t hf__come_in(void)
{
	hf_plat_check_stack();
	hf_t t = hf_self;
	hf_door_enter(t);
	hf_counter_add(&t->syscalls, 1);
	return t;
}

static inline uint32_t hf__go_out(hf_t t, int result)
{
	hf_door_leave(t);
	return (uint32_t)-result;
}

/* DOOR(namespace, function, (its parameters), (what its body gets)) */
#define DOOR(ns, name, parameters, arguments)                      \
	HF_EXPORT(#ns "_" #name) uint32_t hf_##ns##_##name parameters; \
	uint32_t hf_##ns##_##name parameters                           \
	{                                                              \
		hf_t t = hf__come_in();                                    \
		return hf__go_out(t, hf__sys_##name arguments);            \
	}

#endif
