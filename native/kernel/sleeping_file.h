/* sleeping_file.h - an open file description over a vnode whose operations may sleep: those of a file system that waits for an answer
 * from elsewhere.
 *
 * It differs from vnode_file.c in three ways. Reads, writes and seeks of one description take turns through a sleeplock, because the lock of the
 * offset is not held across a sleep. Poll reports the file as ready without looking at its size. And closing calls nothing but the vnode's destroy,
 * which never sleeps: the last thread out of a process closes its files, and that may be the coordinator, or a thread that must stop. A vnode that
 * must send something when it is destroyed uses a request without a waiting thread (request_queue.h).
 *
 * A vnode selects this kind in its operations: `.open = hf_sleeping_file_open`. */
#ifndef HF_KERNEL_SLEEPING_FILE_H
#define HF_KERNEL_SLEEPING_FILE_H

#include "kernel/vnode_file.h"

/* Called by hf_file_open. */
HF_MUST_CHECK int hf_sleeping_file_open(struct hf_vnode *vnode, unsigned access, uint16_t flags, struct hf_file **out);

#endif
