/* functions.h - functions.def as C: a number for each function, which the thread's `call` and traces report. */
#ifndef HF_WASI_P2_FUNCTIONS_H
#define HF_WASI_P2_FUNCTIONS_H

#include <holdfast/layouts.h>

/* The numbers of preview 1's calls (wasi/calls.h) are smaller, and a record of a trace has one byte for them. */
enum hf_p2_call {
	HF_P2_CALL_BEFORE_FIRST = HF_P2_CALLS - 1,
#define X(interface, function, name, parameters, results, type) HF_P2_CALL_##name,
#include "wasi/p2/functions.def"
#undef X
	HF_P2_CALL_drop,
	HF_P2_CALL_resource_new,
	HF_P2_CALL_resource_rep,
	HF_P2_CALL_resource_drop,
	HF_P2_CALL_lift,  /* a handle becomes a value for another component or for the page */
	HF_P2_CALL_lower, /* the opposite */
	HF_P2_CALL_setup, /* the executor makes an instance or a binding */
	HF_P2_CALL_END,
};
_Static_assert(HF_P2_CALL_END <= 256, "a call's number has one byte in a trace");

/* Resource types of WASI. Those that components define have larger numbers, from HF_P2_TYPE_OF_GUEST on. */
enum hf_p2_type {
	HF_P2_FREE, /* of a handle: it is not in use */
#define X(name, interface, resource, destroy) HF_P2_##name,
#include "wasi/p2/objects.def"
#undef X
	HF_P2_TYPE_OF_GUEST = 256,
};

#endif
