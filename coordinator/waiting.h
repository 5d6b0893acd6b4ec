/* waiting.h - who waits until a worker is free: guests' threads that ask for another thread, and programs of the page's. Coordinator thread only, but for
 * hf_waiting_thread_has_begun.
 *
 * Each waiter is an hf_work, posted when a worker has become free; it then looks for itself, and waits again if others were
 * faster. Of the programs that the page lets wait only the first in line looks, until it has started or given up. */
#ifndef HF_COORDINATOR_WAITING_H
#define HF_COORDINATOR_WAITING_H

#include "kernel/work.h"

/* Posts the work when a worker has become free, or there may be one more. */
void hf_waiting_for_worker(struct hf_work *work);
/* Whether as many threads of the process as there are cores have yet to begin; when one of them has, all who wait look again. */
bool hf_waiting_for_threads(uint32_t pid);
/* A thread has begun. Any thread; never blocks. */
void hf_waiting_thread_has_begun(void);

#endif
