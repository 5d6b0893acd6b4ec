/* linux_files.h - operations done by Linux, in a fresh directory that is the root of a child process. A path that leads out of the directory that it
 * starts from, as openat2 with RESOLVE_BENEATH sees it, is not followed: -HF_EPERM, as in WASI. */
#ifndef HF_TEST_LINUX_FILES_H
#define HF_TEST_LINUX_FILES_H

#include "support/model.h"

struct linux_files;

/* NULL without permission for chroot, or without openat2 (Linux 5.6). Call it while there is only one thread. */
struct linux_files *linux_files_begin(void);
void linux_files_do(struct linux_files *files, const struct request *rq, struct reply *rp);
/* Removes the directory. */
void linux_files_end(struct linux_files *files);

#endif
