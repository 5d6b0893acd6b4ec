/* p2.h - WASI preview 2: the state of a process, and the calls.
 *
 * A component's imports are functions hf_p2_NAME(binding, flat parameters) (functions.def). In the browser they are the exports p2_NAME of p2.wasm, a
 * separate module over the kernel's memory, which is loaded with the first component (wasm.c, README.md); natively they are part of the kernel.
 *
 *   struct hf_p2           a process's state: it owns all that follows
 *   struct hf_p2_instance  a component instance: its table of handles
 *   struct hf_p2_binding   what a lowered import is bound to: an instance, a memory, a realloc
 *   struct hf_p2_object    a resource of WASI: a stream, a pollable, … (object.h)
 *
 * Life. The coordinator creates the state (hf_p2_create) before it sends the component to a worker. The worker's thread attaches itself
 * (hf_p2_begin), creates instances and bindings, and runs the component, which has one thread. When the process has ended, and the worker can no longer
 * touch the state (the event `released`), the coordinator frees it with all that is left in it (hf_p2_free): a killed component cannot
 * clean up.
 * The state never owns anything of the kernel's directly. What it opens is a descriptor of the process, so that it counts against the process's limit,
 * and is closed when the process's last thread is gone.
 *
 * Calls. Each function is a door (door.h): the thread enters the kernel, the body works, the thread leaves, and is unwound if it must stop.
 * The guest's realloc is called with the thread back in the guest, and the instance's may_leave false, so that it cannot call back into WASI.
 * What must survive that is in blocks that the state owns (hf__p2_alloc), because the thread may be killed there.
 *
 * Faults that the canonical ABI defines as traps (CanonicalABI.md: an unknown handle, a misaligned pointer, …) end the process with the reason
 * HF_EXIT_TRAP and a message that names the function. */
#ifndef HF_WASI_P2_P2_H
#define HF_WASI_P2_P2_H

#include "kernel/process.h"
#include "wasi/p2/functions.h"

/* The most handles that a process may have, in all its tables. One more is a trap. */
#define HF_P2_HANDLES_MAX 16384

/* Allocates in the guest: cabi_realloc(0, 0, alignment, size). In the browser an index of the kernel's table. */
typedef uint32_t (*hf_p2_realloc)(uint32_t old, uint32_t old_size, uint32_t alignment, uint32_t size);

struct hf_p2 {
	struct hf_thread *thread; /* NULL before hf_p2_begin */
	struct hf_link blocks;    /* all memory of the state (hf__p2_alloc) */
	struct hf_link spare;     /* small blocks that are not in use */
	uint32_t spares;
	uint32_t handles;    /* in all tables */
	uint32_t types;      /* types of components so far */
	uint32_t http;       /* the port at which the page answers its HTTP (http.h); 0: it may use none */
	uint32_t list_bytes; /* of all lists of HTTP fields */
	uint32_t uploads;    /* HTTP bodies that it has sent so far */
};

/* A handle; 16 bytes in wasm. */
struct hf_p2_handle {
	uintptr_t rep; /* WASI's: the object; a component's: its i32; of a free one: the index of the next free one, or 0 */
	uint32_t type; /* enum hf_p2_type, or from hf_p2_new_type; HF_P2_FREE */
	uint32_t lends;
	uint32_t scope; /* the call that it is borrowed for; 0: it owns */
};

struct hf_p2_instance {
	struct hf_p2 *p2;
	bool may_leave;
	uint32_t borrows; /* handles that do not own */
	/* Index 0 is never used. */
	struct hf_p2_handle *handles;
	uint32_t capacity, used; /* used: the handles from here on have never been used */
	uint32_t free;           /* the first free one below `used`; 0: none */
};

struct hf_p2_binding {
	struct hf_p2_instance *instance;
	struct hf_p2 *p2; /* the instance's */
	struct hf_usermem mem;
	hf_p2_realloc realloc; /* NULL: the import has none */
};

typedef struct hf_p2_binding *hf_b;

/* ---- the coordinator ---- */

/* `http`: the page's port with HF_PORT_HTTP that answers its HTTP; 0: its requests are denied. NULL: no memory. */
struct hf_p2 *hf_p2_create(uint32_t http);
/* Frees the state with everything in it. Called when no thread can touch it any more. NULL is allowed. */
void hf_p2_free(struct hf_p2 *p2);

/* The name of a call (functions.h), for messages: its interface (part 0), which is empty for calls that concern handles, and its function (part 1). */
const char *hf_p2_call_name(uint32_t call, uint32_t part);

/* ---- called by the component's thread, outside the kernel. These do not block. ---- */

/* The calling thread runs the component from now on. */
void hf_p2_begin(struct hf_p2 *p2, struct hf_thread *thread);
/* A component instance with an empty table of handles. NULL: no memory. */
struct hf_p2_instance *hf_p2_instance(struct hf_p2 *p2);
/* A binding for the lowered imports of the instance that use this memory and this realloc. The functions access the memory (hf_user_bind);
 * without them (NULL) there is no memory, and every pointer traps. Strings are UTF-8: the caller refuses an import that was lowered with another encoding.
 * NULL: no memory in the kernel. */
struct hf_p2_binding *hf_p2_bind(struct hf_p2_instance *instance, void (*copy_in)(void *, uint32_t, uint32_t),
                                 void (*copy_out)(uint32_t, const void *, uint32_t), uint32_t (*pages)(void),
                                 hf_p2_realloc realloc);
/* Sets the instance's may_leave: while it is false, its calls of imports are traps. The executor clears it while it runs the component's realloc and
 * post-return functions. */
void hf_p2_may_leave(struct hf_p2_instance *instance, bool may_leave);

/* For a component that exports wasi:http/incoming-handler: waits for the request that the process is to answer. Blocks. Returns the arguments of `handle`:
 * the handle of the incoming-request and, in the upper half, of the response-outparam. If the page has closed the server, the process exits with code 0. */
uint64_t hf_p2_serve(struct hf_p2_instance *instance);

/* ---- handles, for the component's built-in functions and for values that pass between components, or to the page: handles.c. A trap unwinds the thread
 * (hf_plat_unwind): these then do not return. They do not block, except while the process is paused. ---- */

/* The number of a resource type that a component defines, different from all others of the process. */
uint32_t hf_p2_new_type(struct hf_p2 *p2);
/* resource.new: a handle that owns. Traps when there are too many handles, or while may_leave is false. */
uint32_t hf_p2_resource_new(struct hf_p2_instance *instance, uint32_t type, uint32_t rep);
/* resource.rep. Traps unless the handle is of the type. */
uint32_t hf_p2_resource_rep(struct hf_p2_instance *instance, uint32_t type, uint32_t handle);
/* resource.drop, of any type. For a type that a component defines, the caller calls the destructor with the lower half of the result if this flag is
 * set. Traps unless the handle is of the type, while it is lent, and while may_leave is false; also for a WASI resource with children. */
#define HF_P2_DESTROY (UINT64_C(1) << 32)
uint64_t hf_p2_resource_drop(struct hf_p2_instance *instance, uint32_t type, uint32_t handle);

/* lift_own: removes a handle that owns and is not lent, and returns its representation, which the caller must pass on, or release. */
uintptr_t hf_p2_lift_own(struct hf_p2_instance *instance, uint32_t type, uint32_t handle);
/* lift_borrow: returns the representation. The handle is lent, and cannot be dropped, until hf_p2_end_lend, which the caller calls when the callee
 * has returned. A handle that does not own may be lent on. */
uintptr_t hf_p2_lift_borrow(struct hf_p2_instance *instance, uint32_t type, uint32_t handle);
void hf_p2_end_lend(struct hf_p2_instance *instance, uint32_t handle);
/* lower_own, lower_borrow: a new handle for a representation. (A borrow that returns to the instance that defines the type is the representation
 * itself: that case is the caller's.) `scope`: a number of the call that the handle is borrowed for, not 0. */
uint32_t hf_p2_lower_own(struct hf_p2_instance *instance, uint32_t type, uintptr_t rep);
uint32_t hf_p2_lower_borrow(struct hf_p2_instance *instance, uint32_t type, uintptr_t rep, uint32_t scope);
/* The handles that are borrowed for the call and have not been dropped: when an export returns, one that is left is a trap, because its lender may
 * then drop the resource. Calls of an instance can be nested, so a total would not do: a call could drop an outer call's handle and keep its own. */
uint32_t hf_p2_borrows(struct hf_p2_instance *instance, uint32_t scope);
/* Releases what hf_p2_lift_own returned for a type of WASI. */
void hf_p2_release(struct hf_p2 *p2, uintptr_t rep);

/* ---- the imports ---- */

/* Drops a handle of a WASI resource type. */
void hf_p2_drop(hf_b b, uint32_t type, uint32_t handle);

#endif
