/* memnode.h - declarations that the files of memfs share: the instance, the node, and the operations of each kind of node.
 *
 * Lifetime: a node's vnode is referenced once by each of its names (the root: by the instance's owner), and by its users. A directory points at its
 * parent without a reference: a directory that has a parent has a name in it, so the parent exists. Each node holds its instance, as the owner does;
 * the last hold frees it.
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

/* The most names of a regular file or symbolic link: as many as ext4 allows. */
#define HF_MEM_LINK_MAX 65000

struct hf_memfs {
	struct hf_lock tree;
	/* Under tree. */
	bool released;           /* the owner has released it, and all names are gone */
	struct hf_memnode *root; /* NULL after the release */
	/* Atomic. */
	_Atomic uint32_t holds; /* one for the owner, and one for each node */
	_Atomic uint64_t next_ino;
	struct hf_budget bytes;
	struct hf_budget nodes; /* counts nodes, and each further name of a node */
	/* Immutable after init. */
	uint64_t dev;
	uint64_t file_size_max;
	struct hf_siphash_key key; /* key for the names' hashes */
};

/* A directory's names. Under the instance's tree lock. */
struct hf_memdir {
	struct hf_names names;
	struct hf_memnode *parent; /* the root's parent is itself; NULL when removed */
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
	/* For a file: the number of writes that append in slices, and, while there are any, the offset of the next append. */
	uint32_t appending;
	uint64_t appended;

	union {
		struct hf_bytes file; /* under lock */
		struct hf_memdir dir;
		struct hf_memlink link;
	};
};

/* Reading and writing data must not read the clock each time (which takes longer than a small write), and need not: in POSIX, times are marked for
 * update, and updated by the next stat or close. The first access after a stat does read the clock, so that a file written once has its exact time;
 * further accesses only mark, and the mark is settled at the next stat or sync (the last close of a description calls stat). */
enum hf_mem_mark {                     /* the values of vnode.accessed and vnode.modified */
	               HF_MEM_SETTLED = 0, /* no access since the last stat */
	               HF_MEM_STAMPED,     /* one access, at the recorded time */
	               HF_MEM_MARKED,      /* more accesses since then */
};

enum hf_mem_time {
	HF_MEM_ATIM = 1 << 0,
	HF_MEM_MTIM = 1 << 1,
	HF_MEM_CTIM = 1 << 2,
};

extern const struct hf_vnode_ops hf__memfile_ops, hf__memdir_ops, hf__memlink_ops;

/* Returns the node of a memfs vnode. */
static inline struct hf_memnode *hf__memnode(struct hf_vnode *vnode)
{
	return HF_CONTAINER(vnode, struct hf_memnode, vnode);
}

/* Creates a node with one reference, times `now` and nlink 0, not yet in the tree; its kind's part is zero, and `extra` bytes follow it. 0, or
 * -HF_ENOSPC at the limit or without memory. */
HF_MUST_CHECK int hf__memnode_create(struct hf_memfs *fs, const struct hf_vnode_ops *ops, uint8_t filetype,
                                     size_t extra, uint64_t now, struct hf_memnode **out);
/* The vnode's `destroy`, for every kind. */
void hf__memnode_destroy(struct hf_vnode *vnode);
/* Sets the times that `which` (enum hf_mem_time) names. Takes the node's lock. */
void hf__memnode_touch(struct hf_memnode *node, unsigned which, uint64_t now);
/* Record that the data was read or written at this time; 0: just now, without reading the clock. */
void hf__memnode_accessed_locked(struct hf_memnode *node, uint64_t now) HF_REQUIRES(node->lock);
void hf__memnode_modified_locked(struct hf_memnode *node, uint64_t now) HF_REQUIRES(node->lock);
/* Vnode operations of all kinds. */
int hf__memnode_getattr(struct hf_vnode *vnode, struct hf_attr *out);
int hf__memnode_set_times(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim);
int hf__memnode_sync(struct hf_vnode *vnode);

/* Creates a link that is not yet in the tree, with one reference. 0, -HF_ENOENT (an empty target), -HF_ENAMETOOLONG, -HF_ENOSPC. */
HF_MUST_CHECK int hf__memlink_create(struct hf_memfs *fs, const char *target, size_t size, uint64_t now,
                                     struct hf_memnode **out);
/* Gives a foreign vnode a name in a directory: hf_memfs_attach without its checks. */
HF_MUST_CHECK int hf__memdir_attach(struct hf_memnode *dir, const char *name, size_t size, struct hf_vnode *vnode);
/* Removes every name of an instance. The caller owns the root. */
void hf__memdir_clear_tree(struct hf_memfs *fs, struct hf_memnode *root);
/* Drops one hold of the instance. */
void hf__memfs_drop(struct hf_memfs *fs);

#endif
