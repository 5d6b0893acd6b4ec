/* tree.h - the file system of a new runtime. */
#ifndef HF_FS_TREE_H
#define HF_FS_TREE_H

#include "fs/memfs.h"

/* Creates a file system with /dev (fs/devfs.h) and /tmp, which may take three quarters of the kernel's `memory` (bytes). 0, and the caller owns *fs
 * and a reference to its root directory; or -HF_ENOMEM or -HF_ENOSPC, and nothing was created. Any thread; never blocks. */
HF_MUST_CHECK int hf_tree_create(uint64_t memory, struct hf_memfs **fs, struct hf_vnode **root);
/* Releases both. */
void hf_tree_release(struct hf_memfs *fs, struct hf_vnode *root);

#endif
