/* root.h - the runtime's file system: one in-memory tree for the preopens of all processes and the page's hf.fs. */
#ifndef HF_COORDINATOR_ROOT_H
#define HF_COORDINATOR_ROOT_H

#include "fs/devfs.h"
#include "fs/memfs.h"

/* Creates the tree, with /dev and /tmp. `memory`: the maximum size of kernel memory in bytes, of which files may take three
 * quarters. Call it once, at start. Returns 0 or -HF_ENOMEM. */
HF_MUST_CHECK int hf_root_create(uint64_t memory);
/* The root directory; borrowed. */
struct hf_vnode *hf_root_vnode(void);
struct hf_memfs *hf_root_fs(void);

#endif
