/* session.h - a process as the page sees it: its streams to and from the page, and its end. Coordinator thread only.
 *
 * A session ends when its exit has been reported and its output streams have ended; the process itself may be gone long
 * before. */
#ifndef HF_COORDINATOR_SESSION_H
#define HF_COORDINATOR_SESSION_H

#include "coordinator/pool.h"

/* A thread has begun: requests that wait for that are tried again. Any thread; never blocks. */
void hf_session_thread_has_begun(void);
/* The session's process, to which the session holds a reference; NULL once the page knows of its exit. */
struct session;
struct hf_process *hf_session_process(struct session *session);

#endif
