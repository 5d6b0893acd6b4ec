/* host.h - the native host (holdfast/host.h) for code that also uses the kernel: the host's files, and tests. */
#ifndef HF_HOST_HOST_H
#define HF_HOST_HOST_H

#include <holdfast/host.h>

#include "kernel/process.h"

/* The root of the file system, from hf_host_start to hf_host_stop; borrowed. */
struct hf_vnode *hf_host_root(void);

#endif
