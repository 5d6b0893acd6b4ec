/* devfs.h - the devices that are always there. Their vnodes are static: references are counted but nothing is freed. */
#ifndef HF_FS_DEVFS_H
#define HF_FS_DEVFS_H

#include "fs/vnode.h"

enum hf_device {
	HF_DEV_NULL,   /* reads: end of file; writes: taken and forgotten */
	HF_DEV_ZERO,   /* reads: zeros without end */
	HF_DEV_FULL,   /* reads: zeros; writes: ENOSPC */
	HF_DEV_RANDOM, /* reads: random bytes without end; writes: taken */
	HF_DEV_COUNT,
};

/* The device's vnode, a new reference. Never fails. */
struct hf_vnode *hf_device(enum hf_device device);

/* Makes /dev below `root` (a directory of a memfs) with null, zero, full, random and urandom in it. 0; -HF_EEXIST when
 * there is a "dev"; -HF_ENOTDIR, -HF_ENOSPC. After an error nothing is left of it. Any thread; never blocks. */
HF_MUST_CHECK int hf_devfs_populate(struct hf_vnode *root);

#endif
