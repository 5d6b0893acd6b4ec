/* seen.c - the table of errors that were returned, as a file. */
#include "wasi/seen.h"

#if defined(HF_SEE_ERRORS)

#include <string.h>

#include "fs/memfs.h"

#define ERRNOS (HF_ENOTCAPABLE + 1)

/* The rows are preview 1's functions, in the order of the specification. */
static _Atomic uint8_t seen[HF_CALL_thread_spawn - 1][ERRNOS];

int hf__see_result(enum hf_call call, int result)
{
	HF_ASSERT(result > -ERRNOS);
	/* EINTR only precedes the thread's end, so no guest gets it. */
	if (result <= 0 && result != -HF_EINTR)
		atomic_store_explicit(&seen[call - 1][-result], 1, memory_order_relaxed);
	return result;
}

static int seen_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode;
	while (offset < sizeof seen && uio->resid > 0) {
		uint8_t value = atomic_load(&seen[0][0] + offset++);
		(void)hf_uio_to_user(uio, &value, 1);
	}
	return 0;
}

static int seen_getattr(struct hf_vnode *vnode, struct hf_attr *out)
{
	*out = (struct hf_attr){.ino = vnode->ino, .filetype = vnode->filetype, .nlink = 1, .size = sizeof seen};
	return 0;
}

static int seen_set_times(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim)
{
	(void)vnode, (void)atim, (void)mtim;
	return -HF_EPERM;
}

static void seen_destroy(struct hf_vnode *vnode)
{
	(void)vnode; /* the first reference is never released */
}

static const struct hf_vnode_ops seen_ops = {
	.read = seen_read, .getattr = seen_getattr, .set_times = seen_set_times, .destroy = seen_destroy};
static struct hf_vnode file = {.refs = 1, .ops = &seen_ops, .ino = 1, .filetype = HF_FILETYPE_REGULAR_FILE};

int hf__seen_attach(struct hf_vnode *dir)
{
	return hf_memfs_attach(dir, "errors-seen", &file);
}

#else
/* In other builds nothing is recorded. */
typedef int hf__seen_is_empty;
#endif
