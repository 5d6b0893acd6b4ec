/* session.h - a process as the page sees it: its streams to and from the page, and its end. Coordinator thread only.
 *
 * Its states (enum hf_session_state). session.ts and programs.ts have those before the kernel knows it, and after the kernel has forgotten it.
 *
 *   LOADING   its module is loaded, then it waits for a worker (waiting.c); what the page says to it is kept.
 *             -> STARTING: c_spawn. -> (gone): it was killed, or cannot be loaded or made; the page gets `refused`.
 *   STARTING  its worker instantiates the module; what the process tells the page is kept.
 *             -> RUNNING: the worker says that it has begun, or its output proves it; the page gets `spawned`.
 *             -> REFUSED: the worker says that it cannot be instantiated; the page gets `refused`.
 *             -> FAILED: it is dead without having run, and the worker's word that says why is under way. -> REFUSED.
 *   RUNNING   -> ENDED: the process is dead; the page gets `exited`.
 *   ENDED     Two things are left, in any order. When the last worker that ran it is free or truly dead: the page gets `released`. When
 *             its streams have ended as well: js_session_over. After both nothing is left of it. */
#ifndef HF_COORDINATOR_SESSION_H
#define HF_COORDINATOR_SESSION_H

#include "coordinator/pool.h"

/* The session's process, to which the session holds a reference; NULL once the page knows of its exit. */
struct session;
struct hf_process *hf_session_process(struct session *session);

#endif
