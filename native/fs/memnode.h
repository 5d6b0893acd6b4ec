/* memnode.h - the parts of memfs that its files share: the instance, the node, and what each kind of node can do.
 *
 * Lifetime: a node's vnode is referenced once by each name that it has (the root: by the instance's owner), and by its users.
 * A directory points at its parent without a reference: a directory that has a parent is a name in it, so the parent exists.
 * Each node holds its instance, as the owner does; the last of them frees it.
 *
 * Locks: `tree` (rank 5) for everything about names, of all directories of an instance; each node's `lock` (rank 6) for its
 * times and, of a file, its contents. Under `tree` a thread may take a directory's lock, which is never held for long, but
 * not a file's, which is held while bytes are copied. References are dropped with no lock held, because that may free a large
 * file. */
#ifndef HF_FS_MEMNODE_H
#define HF_FS_MEMNODE_H

#include "fs/budget.h"
#include "fs/bytes.h"
#include "fs/memfs.h"
#include "fs/names.h"
#include "platform/list.h"

/* Of a regular file or symbolic link; as many as ext4 allows. */
#define HF_MEM_LINK_MAX 65000

struct hf_memfs {
	struct hf_lock tree;
	/* Under tree. */
	bool released;           /* the owner is gone, and every name with it */
	struct hf_memnode *root; /* NULL after the release */
	/* Atomic. */
	_Atomic uint32_t holds; /* the owner's, and one for each node */
	_Atomic uint64_t next_ino;
	struct hf_budget bytes;
	struct hf_budget nodes; /* a node, and each further name of it */
	/* Immutable after init. */
	uint64_t dev;
	uint64_t file_size_max;
	struct hf_siphash_key key; /* for the names' hashes */
};

/* A directory's names. Under the instance's tree lock. */
struct hf_memdir {
	struct hf_names names;
	struct hf_memnode *parent; /* the root's is itself; NULL when removed */
};

/* A symbolic link's target. Immutable after init. */
struct hf_memlink {
	uint32_t size;
	char *target; /* in the node's own block */
};

struct hf_memnode {
	struct hf_vnode vnode; /* the first member */
	struct hf_memfs *fs;   /* immutable after init */
	/* Written under the tree lock, read by any thread. A directory is removed when it is 0. */
	_Atomic uint32_t nlink;

	struct hf_lock lock;
	/* Under lock. */
	uint64_t atim, mtim, ctim;
	/* Of a file: the number of writes that append in slices and, while it is not 0, the offset of the next append. */
	uint32_t appending;
	uint64_t appended;

	union {
		struct hf_bytes file; /* under lock */
		struct hf_memdir dir;
		struct hf_memlink link;
	};
};

/* Reading and writing data must not cost a look at the clock each time (which costs more than a small write itself),
 * and need not: POSIX marks times for update, and has them updated when the file is looked at or closed. The first
 * access after a look does read the clock, so that a file written once has its exact time; further ones only mark, and
 * the mark is settled at the next look or sync (the last close of a description looks). */
enum hf_mem_mark {                     /* of vnode.accessed and vnode.modified */
	               HF_MEM_SETTLED = 0, /* nothing happened since the last look */
	               HF_MEM_STAMPED,     /* it happened once, at the time that stands there */
	               HF_MEM_MARKED,      /* and again since */
};

enum hf_mem_time {
	HF_MEM_ATIM = 1 << 0,
	HF_MEM_MTIM = 1 << 1,
	HF_MEM_CTIM = 1 << 2,
};

extern const struct hf_vnode_ops hf__memfile_ops, hf__memdir_ops, hf__memlink_ops;

/* The node behind a vnode of a memfs. */
static inline struct hf_memnode *hf__memnode(struct hf_vnode *vnode)
{
	return HF_CONTAINER(vnode, struct hf_memnode, vnode);
}

/* A node with one reference, made at `now`, not in the tree yet, nlink 0, its kind's part zero; `extra` bytes of room behind it. 0, or
 * -HF_ENOSPC at the limit or without memory. */
HF_MUST_CHECK int hf__memnode_create(struct hf_memfs *fs, const struct hf_vnode_ops *ops, uint8_t filetype,
                                     size_t extra, uint64_t now, struct hf_memnode **out);
/* The vnode's `destroy`, for every kind. */
void hf__memnode_destroy(struct hf_vnode *vnode);
/* Sets the times that `which` (enum hf_mem_time) names. Takes the node's lock. */
void hf__memnode_touch(struct hf_memnode *node, unsigned which, uint64_t now);
/* Note that the data was read or written at that time; 0: just now, and the clock was not read. */
void hf__memnode_accessed_locked(struct hf_memnode *node, uint64_t now) HF_REQUIRES(node->lock);
void hf__memnode_modified_locked(struct hf_memnode *node, uint64_t now) HF_REQUIRES(node->lock);
/* Vnode operations that every kind has. */
int hf__memnode_getattr(struct hf_vnode *vnode, struct hf_attr *out);
int hf__memnode_set_times(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim);
int hf__memnode_sync(struct hf_vnode *vnode);

/* A link that is not in the tree yet, with one reference. 0, -HF_ENOENT (an empty target), -HF_ENAMETOOLONG,
 * -HF_ENOSPC. */
HF_MUST_CHECK int hf__memlink_create(struct hf_memfs *fs, const char *target, size_t size, uint64_t now,
                                     struct hf_memnode **out);
/* Hangs a foreign vnode into a directory: hf_memfs_attach without its checks. */
HF_MUST_CHECK int hf__memdir_attach(struct hf_memnode *dir, const char *name, size_t size, struct hf_vnode *vnode);
/* Takes away every name of an instance. The caller owns the root. */
void hf__memdir_clear_tree(struct hf_memfs *fs, struct hf_memnode *root);
/* Drops one hold of the instance. */
void hf__memfs_drop(struct hf_memfs *fs);

#endif
