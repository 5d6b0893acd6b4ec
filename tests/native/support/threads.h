/* threads.h - the kernel's threads for tests: each is an OS thread with a thread block. */
#ifndef HF_TEST_THREADS_H
#define HF_TEST_THREADS_H

#include "kernel/process.h"
#include "support/check.h"

#define MILLISECOND UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

/* The calling OS thread becomes a kernel thread without a process; hf_self is set until thread_end. */
struct hf_thread *thread_begin(void);
void thread_end(struct hf_thread *thread);

/* The calling OS thread becomes a thread of the process, as a compute worker does. */
struct hf_thread *thread_begin_in(struct hf_process *process, uint32_t tid);
/* The host's side of a guest's run: enters it, and once it has returned or was unwound, removes the thread from its process and frees it, as
 * coordinator/boot.c does. Returns true if the guest was unwound; does not return if the thread was claimed. */
bool thread_run(struct hf_thread *thread, void (*guest)(void *), void *context);

/* The same for a thread other than the first, whose return does not end the process. */
bool thread_run_further(struct hf_thread *thread, void (*guest)(void *), void *context);

/* Returns once the thread sleeps. */
void until_parked(struct hf_thread *thread);
void sleep_ms(unsigned milliseconds);
void sleep_us(unsigned microseconds);

/* Runs fn in its own OS thread, without waiting for it. */
void in_background(void (*fn)(void *), void *context);

/* A process without descriptors. `run_ended` as for hf_process_create. */
struct hf_process *process_begin(void (*run_ended)(struct hf_work *));

#endif
