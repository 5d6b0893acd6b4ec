/* trace.h - records of a process's system calls, written as they return (like strace).
 *
 * A traced process has a pipe; each call, just before it returns, writes one record to it, and waits while the pipe is full: a
 * trace loses nothing. A thread that is not traced only checks a word when a call begins and when it ends. */
#ifndef HF_WASI_TRACE_H
#define HF_WASI_TRACE_H

#include <holdfast/layouts.h>

#include "kernel/process.h"
#include "wasi/calls.h"

/* Called at the start of a call whose thread is traced. */
void hf__trace_begin(struct hf_thread *thread);

/* Passes the arguments of a call as values, so that no door builds an array: HF__NINE(x, y) is x, y and seven zeros. */
#define HF__NINE_PARAMETERS \
	uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8, uint64_t a9
#define HF__NINE(...) HF__FIRST_NINE(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define HF__FIRST_NINE(a1, a2, a3, a4, a5, a6, a7, a8, a9, ...) a1, a2, a3, a4, a5, a6, a7, a8, a9

/* Called at the end of a call whose thread is traced, in the kernel, with no lock held; may block. The arguments are those that the guest passed;
 * trace.def has their number. */
void hf__trace(struct hf_thread *thread, enum hf_call call, int result, HF__NINE_PARAMETERS);

#endif
