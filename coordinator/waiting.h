/* waiting.h - waiting for a free worker: guest threads that request another thread, and programs that the page starts. Coordinator thread only, except
 * hf_waiting_thread_has_begun.
 *
 * Each waiter is an hf_work, which is posted when a worker has become free. It then tries to take the worker, and waits again if another waiter was
 * faster. Of the page's waiting programs, only the first in line tries, until it has started or given up. */
#ifndef HF_COORDINATOR_WAITING_H
#define HF_COORDINATOR_WAITING_H

#include "kernel/work.h"

/* Posts the work when a worker has become free, or another one may be created. */
void hf_waiting_for_worker(struct hf_work *work);
/* Whether as many threads of the process as there are cores have yet to begin. When one of them has begun, all waiters are posted. */
bool hf_waiting_for_threads(uint32_t pid);
/* Reports that a thread has begun. May be called on any thread; never blocks. */
void hf_waiting_thread_has_begun(void);

#endif
