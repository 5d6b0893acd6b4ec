/* memfs.h - the in-memory file system: directories, files of any size up to its limits (sparse, in 64 KiB chunks),
 * symbolic and hard links, and nodes of other kinds (devices) hung into its tree. */
#ifndef HF_FS_MEMFS_H
#define HF_FS_MEMFS_H

#include "fs/vnode.h"

/* 0 means no limit of its own (kernel memory remains one). At a limit: -HF_ENOSPC. */
struct hf_memfs_limits {
	uint64_t bytes;     /* file data, counted in chunks really held */
	uint64_t nodes;     /* files, directories, links */
	uint64_t file_size; /* one file's size; EFBIG. Default INT64_MAX */
};

struct hf_memfs;

/* A new, empty file system. 0 and *out, or -HF_ENOMEM. The caller owns it. */
HF_MUST_CHECK int hf_memfs_create(const struct hf_memfs_limits *limits, struct hf_memfs **out);
/* Its root directory, a new reference. */
struct hf_vnode *hf_memfs_root(struct hf_memfs *fs);
/* Drops the owner's hold: every name goes at once, a node's memory goes when its last reference does, the instance with
 * the last node. */
void hf_memfs_release(struct hf_memfs *fs);
/* Gives an existing node of any kind (a device) a name in this tree. The tree takes a reference of its own. */
HF_MUST_CHECK int hf_memfs_attach(struct hf_vnode *dir, const char *name, struct hf_vnode *node);

struct hf_memfs_usage {
	uint64_t bytes, nodes;
};
struct hf_memfs_usage hf_memfs_usage(struct hf_memfs *fs);

#endif
