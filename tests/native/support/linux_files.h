/* linux_files.h - operations performed by Linux, in a fresh directory that is the root of a child process. As with openat2's RESOLVE_BENEATH, a path
 * that leads out of its starting directory is not followed; the result is -HF_EPERM, as in WASI. */
#ifndef HF_TEST_LINUX_FILES_H
#define HF_TEST_LINUX_FILES_H

#include "support/model.h"

struct linux_files;

/* Returns NULL without permission for chroot, or without openat2 (Linux 5.6). Call it while there is only one thread. */
struct linux_files *linux_files_begin(void);
void linux_files_do(struct linux_files *files, const struct request *rq, struct reply *rp);
/* Removes the directory. */
void linux_files_end(struct linux_files *files);

#endif
