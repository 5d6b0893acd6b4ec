/* process.h - a running program: arguments, environment, descriptors, threads, limits, and why it ended.
 *
 * Life: hf_process_create (coordinator) -> hf_process_add_thread for each thread -> ... -> hf_process_end by the first
 * that has a reason -> every thread leaves (by itself, or claimed) -> the last one out closes the descriptors and posts
 * `ended` to the coordinator -> the coordinator notifies the page and drops its reference.
 *
 * A process that is resident (hf_process_make_resident) stays alive when its last thread has left: it serves calls, and gets a thread for each, or
 * keeps its memory for the next one. Only hf_process_end ends it, at once if it has no thread then.
 *
 * Reference counted: the coordinator holds one, each thread holds one. */
#ifndef HF_KERNEL_PROCESS_H
#define HF_KERNEL_PROCESS_H

#include <holdfast/layouts.h>

#include "fs/budget.h"
#include "kernel/fdtable.h"
#include "kernel/futex.h"
#include "kernel/thread.h"
#include "kernel/work.h"

enum hf_exit_reason {
#define X(name, value, doc) HF_EXIT_##name = value,
#include <holdfast/exit_reason.def>
#undef X
};

/* Pipes that a guest and those that descend from it may make: of HF_PIPE_SIZE bytes each, 16 MiB. */
#define HF_GUEST_PIPES 256

/* What a guest can make the kernel hold. */
struct hf_limits {
	uint32_t fds;
	uint32_t pipe_bytes;
	uint32_t poll_subscriptions;
	uint32_t threads;
	uint64_t output;     /* bytes that it may write to files that are `counted`; one more ends it; 0: no limit */
	uint64_t file_bytes; /* what it may add to file systems, less what it removes; 0: no limit of its own */
};
extern const struct hf_limits hf_default_limits;

/* A list of strings as WASI hands them out: all of them, each with its NUL, one after the other. */
struct hf_strings {
	uint32_t count;
	uint32_t size; /* bytes in all */
	char *bytes;
};

struct hf_process {
	_Atomic uint32_t refs;
	/* Immutable after creation. */
	uint32_t pid;
	struct hf_strings args, env;
	struct hf_limits limits;
	/* Posted when it is ordered to end (so that the coordinator stops threads that compute) and again when the last
	 * thread is gone. Set by the coordinator before the first thread starts. */
	struct hf_work ended;
	/* Posted when one of its threads goes to sleep, or ends, while the process has the order to pause: hf_process_is_paused may be
	 * true now. */
	struct hf_work held;
	/* Whose budgets of output, files and pipes it uses: its own, or those of the process that it descends from; then a reference. Before the first thread
	 * starts. */
	struct hf_process *payer;
	void *owner; /* the coordinator's: the object that they are about */

	/* The pipe for the trace of its calls, if it was ever traced: our hold on the writing end, until the last thread is
	 * gone. */
	struct hf_pipe *_Atomic trace;

	struct hf_fdtable fds;     /* its own lock */
	struct hf_futex futex;     /* its own lock */
	struct hf_budget output;   /* atomic; what was written, and what current calls may still write */
	_Atomic uint64_t written;  /* of it, what was written */
	struct hf_budget file_use; /* atomic; drawn on through hf_account */
	struct hf_budget pipes;    /* atomic; that guests made (coordinator/children.c) */
	_Atomic uint64_t began;    /* when its first thread did, on the monotonic clock; 0: not yet */
	_Atomic uint64_t latest;   /* that its monotonic clock returned, while it has several threads (wasi/misc.c) */

	struct hf_lock lock;
	/* Protected by lock. */
	struct hf_link threads;
	uint32_t thread_count;
	uint64_t cpu_time; /* of threads that are gone, nanoseconds */
	bool traced;       /* its threads are traced, future ones too */
	bool paused;       /* has the order to pause: new threads begin with it */
	bool resident;     /* lives without threads, too, until it is ended */
	bool ending;
	bool dead; /* all threads are gone, and it lives no longer */
	enum hf_exit_reason reason;
	uint32_t code;
	uint32_t message_size;
	uint32_t stack_size;
	char message[HF_EXIT_MESSAGE_MAX]; /* UTF-8, cut at a character */
	char stack[HF_EXIT_STACK_MAX];
};

/* Copies the strings; one reference. `run_ended` becomes process->ended.run; the caller sets held.run if it ever pauses
 * the process. 0, -HF_ENOMEM. */
HF_MUST_CHECK int hf_process_create(uint32_t pid, const struct hf_strings *args, const struct hf_strings *env,
                                    const struct hf_limits *limits, void (*run_ended)(struct hf_work *),
                                    struct hf_process **out);
struct hf_process *hf_process_ref(struct hf_process *process);
void hf_process_unref(struct hf_process *process);

/* From now on what the child writes and adds to files, and its pipes, count as the parent's, and are limited with those. Before its first thread starts. */
void hf_process_share_budgets(struct hf_process *child, struct hf_process *parent);

/* Makes the block a thread of the process. 0; -HF_EAGAIN at the thread limit; -HF_ESRCH when the process is ending. */
HF_MUST_CHECK int hf_process_add_thread(struct hf_process *process, struct hf_thread *thread, uint32_t tid);

/* From now on the process lives without threads, too, until hf_process_end. Before its last thread may have left; any thread. */
void hf_process_make_resident(struct hf_process *process);

/* Whether hf_process_add_thread would find the thread limit reached. Any thread. */
bool hf_process_is_full(struct hf_process *process);

/* Ends the process: the first reason counts, later calls do nothing. Every thread gets the order to stop; the
 * coordinator must claim those that compute. Any thread; never blocks. `message` and `stack` may be NULL. */
void hf_process_end(struct hf_process *process, enum hf_exit_reason reason, uint32_t code, const char *message,
                    uint32_t message_size, const char *stack, uint32_t stack_size);

/* The thread is gone: it left by itself, or was claimed and the caller acts for it. The last one closes everything that
 * the process had open, unless that lives on without threads. Called exactly once for each thread. Drops the thread's reference to the process. */
void hf_process_thread_gone(struct hf_thread *thread);

/* Claims every thread that is in the guest and calls `claimed` for each, with no lock held. Coordinator only, after
 * hf_process_end. */
void hf_process_claim_threads(struct hf_process *process, void (*claimed)(struct hf_thread *thread));
/* The same, but only those that rest (hf_thread_rest), which nothing would bring to the door. */
void hf_process_claim_resting(struct hf_process *process, void (*claimed)(struct hf_thread *thread));

/* Orders all threads, future ones too, to stay in the kernel when they next enter it; or withdraws that order. Their
 * waits continue, deadlines pass. Any thread; never blocks. */
void hf_process_pause(struct hf_process *process, bool paused);
/* Whether all its threads sleep in the kernel, so that none can run its code before the process is resumed. A wait that ends meanwhile ends in the
 * next sleep. Any thread. */
bool hf_process_is_paused(struct hf_process *process);

/* Starts to trace its calls to the pipe, and takes over the hold on the writing end (NULL: to the pipe that it got before), or stops
 * tracing. A process that is dead, or already has a pipe, releases the hold at once, and the reader sees the end. Coordinator only. */
void hf_process_trace(struct hf_process *process, bool traced, struct hf_pipe *pipe);

/* Nanoseconds that its threads ran, without their sleeps. Any thread. */
uint64_t hf_process_cpu_time(struct hf_process *process);

bool hf_process_is_dead(struct hf_process *process);

#endif
