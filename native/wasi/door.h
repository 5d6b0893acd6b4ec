/* door.h - how a system call gets in and out of the kernel.
 *
 * In the browser each door is an export, bound directly to the guest's import, so the call goes from wasm to wasm. A door has no stack frame and
 * touches no shared memory before it has changed the thread's word, because a claimed thread owns nothing any more (thread.h). So the body is a
 * separate function, never inlined into the door. */
#ifndef HF_WASI_DOOR_H
#define HF_WASI_DOOR_H

#include "wasi/calls.h"
#include "wasi/seen.h"
#include "wasi/sys.h"
#include "wasi/trace.h"

#if defined(__wasm__)
#include <names.h> /* tools/abi.mjs */
#define HF_EXPORT(name) __attribute__((export_name(name)))
#else
#define HF_EXPORT(name)
#endif

static inline hf_t hf__come_in(enum hf_call call)
{
	hf_plat_check_stack();
	hf_t t = hf_self;
	hf_door_enter(t);
	hf_counter_add(&t->syscalls, 1);
	hf_counter_set(&t->call, call);
	if (hf_counter_own(&t->traced))
		hf__trace_begin(t);
	return t;
}

static inline uint32_t hf__go_out(hf_t t, int result)
{
	hf_door_leave(t);
	return (uint32_t)-result;
}

/* The same as functions, for calls that take so long that another call does not matter, because pages download every door. */
hf_t hf__come_in_far(enum hf_call call);
uint32_t hf__go_out_far(hf_t t, enum hf_call call, int result, HF__NINE_PARAMETERS);

#define HF__DOOR_HEAD(ns, name, parameters)                                   \
	HF_EXPORT(HF_NAME_OF_##ns##_##name) uint32_t hf_##ns##_##name parameters; \
	uint32_t hf_##ns##_##name parameters

/* The near form, for calls that are made millions of times. `call` is the body, `arguments` are shown in a trace. */
#define HF__DOOR_NEAR(ns, name, parameters, call, ...)                   \
	HF__DOOR_HEAD(ns, name, parameters)                                  \
	{                                                                    \
		hf_t t = hf__come_in(HF_CALL_##name);                            \
		int result = HF__SEE(name, call);                                \
		if (hf_counter_own(&t->traced))                                  \
			hf__trace(t, HF_CALL_##name, result, HF__NINE(__VA_ARGS__)); \
		return hf__go_out(t, result);                                    \
	}

#define HF__DOOR_FAR(ns, name, parameters, call, ...)                                         \
	HF__DOOR_HEAD(ns, name, parameters)                                                       \
	{                                                                                         \
		hf_t t = hf__come_in_far(HF_CALL_##name);                                             \
		return hf__go_out_far(t, HF_CALL_##name, HF__SEE(name, call), HF__NINE(__VA_ARGS__)); \
	}

/* DOOR(namespace, function, (its parameters), the body's arguments besides the thread…); NEAR_DOOR is the near form. */
#define DOOR(ns, name, parameters, ...) HF__DOOR_FAR(ns, name, parameters, hf__sys_##name(t, __VA_ARGS__), __VA_ARGS__)
#define NEAR_DOOR(ns, name, parameters, ...) \
	HF__DOOR_NEAR(ns, name, parameters, hf__sys_##name(t, __VA_ARGS__), __VA_ARGS__)
/* The same for a body that depends on the edition of WASI, and for a function without parameters. */
#define DOOR_OF(abi, ns, name, parameters, ...) \
	HF__DOOR_FAR(ns, name, parameters, hf__sys_##name(t, abi, __VA_ARGS__), __VA_ARGS__)
#define NEAR_DOOR_OF(abi, ns, name, parameters, ...) \
	HF__DOOR_NEAR(ns, name, parameters, hf__sys_##name(t, abi, __VA_ARGS__), __VA_ARGS__)
#define NEAR_DOOR_PLAIN(ns, name) HF__DOOR_NEAR(ns, name, (void), hf__sys_##name(t), 0)

#endif
