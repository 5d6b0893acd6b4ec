/* memfs.h - the in-memory file system: directories, files of any size up to its limits (sparse, in 64 KiB chunks),
 * symbolic and hard links, and nodes of other kinds (devices) hung into its tree. */
#ifndef HF_FS_MEMFS_H
#define HF_FS_MEMFS_H

#include "fs/vnode.h"

/* 0 means no limit of its own (kernel memory remains one). At a limit: -HF_ENOSPC, and so it is where kernel memory ends. */
struct hf_memfs_limits {
	uint64_t
		bytes; /* file data, counted in the memory really held: up to 64 KiB a file as needed, then whole chunks; and the text of
	                * symbolic links */
	uint64_t nodes;     /* files, directories, links, the root; each further name of a file counts as one more */
	uint64_t file_size; /* one file's size; -HF_EFBIG. Default and most: INT64_MAX */
};

struct hf_memfs;

/* A new, empty file system. 0 and *out, or -HF_ENOMEM. The caller owns it. `limits` may be NULL. */
HF_MUST_CHECK int hf_memfs_create(const struct hf_memfs_limits *limits, struct hf_memfs **out);
/* Its root directory, a new reference. Only for the owner, before the release. */
struct hf_vnode *hf_memfs_root(struct hf_memfs *fs);
/* Drops the owner's hold: every name is removed at once (look-ups in a directory that is still held return -HF_ENOENT), a node's
 * memory is freed with its last reference, the instance with the last node. Takes time in proportion to the number of names; other
 * threads may be using the tree. */
void hf_memfs_release(struct hf_memfs *fs);
/* Gives an existing node of any kind but a directory (a device) a name in this tree. The tree takes a reference of its own.
 * 0, -HF_EEXIST, -HF_ENOENT (the directory was removed), -HF_ENOTDIR (`dir` is no directory of a memfs), -HF_EPERM (the node is one),
 * -HF_EINVAL and -HF_ENAMETOOLONG (the name), -HF_ENOSPC. Any thread; never blocks. */
HF_MUST_CHECK int hf_memfs_attach(struct hf_vnode *dir, const char *name, struct hf_vnode *node);

/* A regular file without a name, to hold data that will replace another file's contents. 0 and a reference, or -HF_ENOSPC. It counts as a
 * node until the last reference is gone. Any thread; never blocks. */
HF_MUST_CHECK int hf_memfs_create_unnamed(struct hf_memfs *fs, struct hf_vnode **out);
/* Exchanges the contents of two regular files of one instance; each keeps its identity, its names and its open descriptions. A reader of
 * `file` sees either the old contents or the new, never a mix. Only the caller may use `unnamed`. 0, or -HF_EINVAL (they are not such
 * files). Any thread; never blocks. */
HF_MUST_CHECK int hf_memfs_exchange(struct hf_vnode *file, struct hf_vnode *unnamed);

struct hf_memfs_usage {
	uint64_t bytes, nodes;
};
/* What the limits are counted against. Any thread. */
struct hf_memfs_usage hf_memfs_usage(struct hf_memfs *fs);

#endif
