/* vnode_file.h - an open file description over a vnode: a regular file, a directory, a device. */
#ifndef HF_KERNEL_VNODE_FILE_H
#define HF_KERNEL_VNODE_FILE_H

#include "kernel/file.h"
#include "platform/list.h"

struct hf_vnode_file {
	struct hf_file base;
	/* Immutable after init. */
	bool read_only_tree;    /* a directory of a read-only preopen: nothing below it may be changed */
	struct hf_vnode *vnode; /* one reference */

	struct hf_lock lock;
	/* Changed under lock. Polls read it without the lock, which a long transfer holds throughout. */
	hf_counter offset;
};

extern const struct hf_file_ops hf__vnode_file_ops;

/* For sleeping_file.c: allocates a struct of this size that begins with an hf_vnode_file; takes over the caller's reference to the vnode. NULL: no
 * memory. */
HF_MUST_CHECK struct hf_vnode_file *hf__vnode_file_create(size_t size, const struct hf_file_ops *ops,
                                                          struct hf_vnode *vnode, unsigned access, uint16_t flags);
/* For sleeping_file.c: read and write at an offset, without the lock. *end is set as by a vnode's write. */
int hf__vnode_file_read_at(struct hf_vnode_file *file, uint64_t offset, struct hf_uio *uio);
int hf__vnode_file_write_at(struct hf_vnode_file *file, uint64_t offset, struct hf_uio *uio, uint64_t *end);

static inline bool hf_file_has_vnode(const struct hf_file *file)
{
	return file->has_vnode;
}

/* NULL if the description is over something else. */
static inline struct hf_vnode_file *hf_vnode_file(struct hf_file *file)
{
	return hf_file_has_vnode(file) ? HF_CONTAINER(file, struct hf_vnode_file, base) : NULL;
}

#endif
