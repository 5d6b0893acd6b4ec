/* session.h - a process as the page sees it: its streams to and from the page, and its end. Coordinator thread only.
 *
 * These are its states (enum hf_session_state). session.ts and programs.ts handle those before the kernel's session exists and after it is gone.
 *
 *   LOADING   Its module is loaded; then it waits for a worker (waiting.c). Messages from the page are held back.
 *             -> STARTING: c_spawn. -> (gone): it was killed, or cannot be loaded or created; the page gets `refused`.
 *   STARTING  Its worker instantiates the module. Messages to the page are held back.
 *             -> RUNNING: the worker reports that it has begun, or its output proves it; the page gets `spawned`.
 *             -> REFUSED: the worker reports that it cannot be instantiated; the page gets `refused`.
 *             -> FAILED: the process died before it ran, and the worker's report is still on its way. -> REFUSED.
 *   RUNNING   -> ENDED: the process is dead; the page gets `exited`.
 *   ENDED     Two events are left, in either order: when the last worker that ran it is free or truly dead, the page gets `released`; when
 *             its streams have ended, js_session_over is called. After both, the session is gone. */
#ifndef HF_COORDINATOR_SESSION_H
#define HF_COORDINATOR_SESSION_H

#include "coordinator/pool.h"

/* The session's process, to which the session holds a reference; NULL once its exit was reported to the page. */
struct session;
struct hf_process *hf_session_process(struct session *session);

#endif
