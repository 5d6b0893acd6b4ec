/* browser.h - what the coordinator's C asks of its JavaScript (coordinator/main.ts): things that only the browser can
 * do. None of these blocks. Ids of workers and sessions are what the JavaScript knows them by. Coordinator thread only.
 */
#ifndef HF_COORDINATOR_BROWSER_H
#define HF_COORDINATOR_BROWSER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__wasm__)
#define HF_IMPORT(name) __attribute__((import_module("hf"), import_name(name)))
#define HF_EXPORT_C(name) __attribute__((export_name(name), used))
#else /* tests/native/support/coordinator.c */
#define HF_IMPORT(name)
#define HF_EXPORT_C(name)
#endif

struct hf_thread;

/* Starts a compute worker with this stack (its upper end), thread-local storage and thread block. In the end
 * hf_c_worker_ready or hf_c_worker_dead follows. */
HF_IMPORT("worker_create") void js_worker_create(uint32_t worker, void *stack_top, void *tls, struct hf_thread *thread);
/* Runs the session's module on the worker's thread: from the start (tid 0), or as one more thread of the process, with
 * the argument that its creator gave. In the end hf_c_worker_idle follows, or the worker is terminated. */
HF_IMPORT("worker_run") void js_worker_run(uint32_t worker, uint32_t session, uint32_t tid, uint32_t argument);
/* Has the worker, which is idle, collect what is left of earlier runs before its next one. */
HF_IMPORT("worker_collect") void js_worker_collect(uint32_t worker);
/* Ends the worker. hf_c_worker_dead follows when nothing of it runs any more, which may be seconds later. */
HF_IMPORT("worker_terminate") void js_worker_terminate(uint32_t worker);

/* What js_output calls the stream of a process's trace. */
#define HF_TRACE_FD 3

/* Bytes for the page; they are only valid during the call. */
HF_IMPORT("output") void js_output(uint32_t session, uint32_t fd, const void *bytes, size_t size);
HF_IMPORT("output_end") void js_output_end(uint32_t session, uint32_t fd);
/* There is room in the session's standard input again, or nobody reads it any more. */
HF_IMPORT("stdin_ready") void js_stdin_ready(uint32_t session);
/* A connection of the page's (connection.c) is open, or could not be had: a negated errno, and it is gone. */
HF_IMPORT("connection") void js_connection(uint32_t connection, int32_t error);
/* In place of js_output_end: its other end was closed by force, and bytes were lost. */
HF_IMPORT("output_failed") void js_output_failed(uint32_t connection, uint32_t fd, int32_t error);
/* Nobody will read what is written to it. */
HF_IMPORT("input_gone") void js_input_gone(uint32_t connection);
/* Both its directions are over, and the kernel has forgotten it. */
HF_IMPORT("connection_over") void js_connection_over(uint32_t connection);
/* The process is gone, with all that it had. */
HF_IMPORT("exited")
void js_exited(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size,
               const char *stack, size_t stack_size);
/* A key of its terminal asks for a signal: 2 (SIGINT), 3 (SIGQUIT). */
HF_IMPORT("signal") void js_signal(uint32_t session, uint32_t signal);
/* A thread of a process that is to pause has come to rest: c_is_paused may be true now. */
HF_IMPORT("held") void js_held(uint32_t session);
/* The session's process, which is interruptible, has been told to end, and its threads will leave by themselves: hf_c_claim later, for those that do
 * not. */
HF_IMPORT("ending") void js_ending(uint32_t session);
/* Nothing refers to the session any more: exit told, streams ended. */
HF_IMPORT("session_over") void js_session_over(uint32_t session);

#endif
