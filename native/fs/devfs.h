/* devfs.h - the devices that are always there. Their vnodes are static: references are counted but nothing is freed. */
#ifndef HF_FS_DEVFS_H
#define HF_FS_DEVFS_H

#include "fs/vnode.h"

enum hf_device {
	HF_DEV_NULL,   /* reads: end of file; writes: taken and forgotten */
	HF_DEV_ZERO,   /* reads: zeros without end */
	HF_DEV_FULL,   /* reads: zeros; writes: ENOSPC */
	HF_DEV_RANDOM, /* reads: random bytes without end; writes: taken */
	HF_DEV_STDIN,  /* opening one of these three returns another descriptor for the process's 0, 1 or 2 */
	HF_DEV_STDOUT,
	HF_DEV_STDERR,
	HF_DEV_COUNT,
};

/* The device's vnode, a new reference. Never fails. */
struct hf_vnode *hf_device(enum hf_device device);

/* 0, 1 or 2 for the three devices that stand for the process's own descriptors, else -1. Opening one opens no file over
 * its vnode (wasi/path.c). Without a process it has nothing behind it: reading and writing return -HF_ENXIO. */
int hf_device_descriptor(const struct hf_vnode *vnode);

/* Makes /dev below `root` (a directory of a memfs) with null, zero, full, random, urandom, stdin, stdout and stderr in it. 0; -HF_EEXIST when
 * "dev" exists; -HF_ENOTDIR, -HF_ENOSPC. After an error nothing is left of it. Any thread; never blocks. */
HF_MUST_CHECK int hf_devfs_populate(struct hf_vnode *root);

#endif
