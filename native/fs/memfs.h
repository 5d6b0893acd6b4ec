/* memfs.h - the in-memory file system: directories, files of any size up to its limits (sparse, in 64 KiB chunks), symbolic and hard links, and nodes
 * of other kinds (devices) attached to its tree. */
#ifndef HF_FS_MEMFS_H
#define HF_FS_MEMFS_H

#include "fs/vnode.h"

/* 0 means no limit except kernel memory. At a limit, or without kernel memory, operations return -HF_ENOSPC. */
struct hf_memfs_limits {
	uint64_t
		bytes; /* file data, counted as the memory that it occupies (up to 64 KiB per file as needed, then whole chunks), and the text of symbolic links */
	uint64_t nodes;     /* files, directories, links, the root; each further name of a file counts as one more */
	uint64_t file_size; /* one file's size; -HF_EFBIG. Default and maximum: INT64_MAX */
};

struct hf_memfs;

/* Creates an empty file system. 0 and *out, which the caller owns, or -HF_ENOMEM. `limits` may be NULL. */
HF_MUST_CHECK int hf_memfs_create(const struct hf_memfs_limits *limits, struct hf_memfs **out);
/* Returns a new reference to its root directory. Only for the owner, before the release. */
struct hf_vnode *hf_memfs_root(struct hf_memfs *fs);
/* Drops the owner's hold. All names are removed at once, so look-ups in a directory that is still referenced return -HF_ENOENT; a node's memory is
 * freed with its last reference, and the instance with the last node. Takes time proportional to the number of names; other threads may be using the
 * tree. */
void hf_memfs_release(struct hf_memfs *fs);
/* Gives an existing node (a device; any kind except a directory) a name in this tree, which takes another reference. 0, -HF_EEXIST, -HF_ENOENT (the
 * directory was removed), -HF_ENOTDIR (`dir` is not a directory of a memfs), -HF_EPERM (the node is a directory), -HF_EINVAL and -HF_ENAMETOOLONG
 * (the name), -HF_ENOSPC. Any thread; never blocks. */
HF_MUST_CHECK int hf_memfs_attach(struct hf_vnode *dir, const char *name, struct hf_vnode *node);

/* Creates a regular file without a name, for data that will replace another file's contents. 0 and a reference, or -HF_ENOSPC. The file counts as a
 * node until its last reference is dropped. Any thread; never blocks. */
HF_MUST_CHECK int hf_memfs_create_unnamed(struct hf_memfs *fs, struct hf_vnode **out);
/* Exchanges the contents of two regular files of one instance; each keeps its identity, its names and its open descriptions. A reader of `file` sees
 * either the old contents or the new, never a mix. Only the caller may use `unnamed`. 0, or -HF_EINVAL if they are not two regular files of one
 * instance. Any thread; never blocks. */
HF_MUST_CHECK int hf_memfs_exchange(struct hf_vnode *file, struct hf_vnode *unnamed);

struct hf_memfs_usage {
	uint64_t bytes, nodes;
};
/* Returns the usage that the limits apply to. Any thread. */
struct hf_memfs_usage hf_memfs_usage(struct hf_memfs *fs);

#endif
