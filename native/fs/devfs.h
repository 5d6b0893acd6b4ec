/* devfs.h - the devices in /dev. Their vnodes are static: references are counted but nothing is freed. */
#ifndef HF_FS_DEVFS_H
#define HF_FS_DEVFS_H

#include "fs/vnode.h"

enum hf_device {
	HF_DEV_NULL,   /* reads: end of file; writes: discarded */
	HF_DEV_ZERO,   /* reads: zeros without end */
	HF_DEV_FULL,   /* reads: zeros; writes: ENOSPC */
	HF_DEV_RANDOM, /* reads: random bytes without end; writes: discarded */
	HF_DEV_STDIN,  /* opening one of these three returns another descriptor for the process's 0, 1 or 2 */
	HF_DEV_STDOUT,
	HF_DEV_STDERR,
	HF_DEV_COUNT,
};

/* Returns a new reference to the device's vnode. Never fails. */
struct hf_vnode *hf_device(enum hf_device device);

/* Returns 0, 1 or 2 for the three devices that refer to the process's own descriptors, else -1. Opening one of them opens no file over its vnode
 * (wasi/fs_call.c). Outside a process they refer to nothing: reading and writing return -HF_ENXIO. */
int hf_device_descriptor(const struct hf_vnode *vnode);

/* Creates /dev below `root` (a directory of a memfs), with null, zero, full, random, urandom, stdin, stdout and stderr in it. 0; -HF_EEXIST when
 * "dev" exists; -HF_ENOTDIR, -HF_ENOSPC. After an error, everything has been removed again. Any thread; never blocks. */
HF_MUST_CHECK int hf_devfs_populate(struct hf_vnode *root);

#endif
