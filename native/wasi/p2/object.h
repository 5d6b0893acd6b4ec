/* object.h - the resources of WASI: reference counted objects that a process's state owns.
 *
 * A handle that owns holds a reference, and so does each child: a pollable is a child of its stream, a stream of its descriptor. So an object outlives
 * its children, in whatever order the handles are dropped. Where WASI permits a trap if a resource is dropped before its children, this host traps, as
 * Wasmtime does: programs that fail elsewhere fail here, too. */
#ifndef HF_WASI_P2_OBJECT_H
#define HF_WASI_P2_OBJECT_H

#include "wasi/p2/p2.h"

/* Each kind is a struct that begins with this one. */
struct hf_p2_object {
	struct hf_p2 *p2;
	struct hf_p2_object *parent; /* a reference to it; NULL: none */
	uint32_t type;               /* enum hf_p2_type */
	uint32_t refs;
	uint32_t children; /* objects whose parent it is */
};

/* Memory that the state owns: zeroed, freed by hf__p2_give_back or with the state. NULL: none is left. */
void *hf__p2_alloc(struct hf_p2 *p2, size_t size) __attribute__((malloc, warn_unused_result));
/* NULL is allowed. */
void hf__p2_give_back(void *memory);

/* The same for bytes that pass through during a call, not zeroed: up to HF_P2_BUFFER_SMALL, the thread's space for the paths of a call. So a call that has
 * paths cannot use one. */
#define HF_P2_BUFFER_SMALL sizeof(((struct hf_thread *)0)->path)
void *hf__p2_buffer(struct hf_p2 *p2, size_t size) __attribute__((warn_unused_result));
/* NULL is allowed. */
void hf__p2_give_buffer_back(struct hf_p2 *p2, void *buffer);

/* A new object of this size with one reference, the rest zero; it is a child of `parent`, unless that is NULL. NULL: no memory. */
void *hf__p2_object(struct hf_p2 *p2, size_t size, enum hf_p2_type type, struct hf_p2_object *parent);
void hf__p2_unref(struct hf_p2_object *object);

#endif
