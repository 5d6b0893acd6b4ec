/* process.h - a running program: arguments, environment, descriptors, threads, limits, and why it ended.
 *
 * Life: hf_process_create (coordinator) -> hf_process_add_thread for each thread -> ... -> hf_process_end by the first
 * that has a reason -> every thread leaves (by itself, or claimed) -> the last one out closes the descriptors and posts
 * `ended` to the coordinator -> the coordinator notifies the page and drops its reference.
 *
 * A resident process (hf_process_make_resident) stays alive when its last thread has left: it serves calls, each in a new thread, or keeps its memory
 * for the next one. Only hf_process_end ends it; if it has no thread then, it ends at once.
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

/* How many pipes a guest and its descendants may create; with HF_PIPE_SIZE bytes each, 16 MiB. */
#define HF_GUEST_PIPES 256

/* Limits on kernel resources that a guest can use. */
struct hf_limits {
	uint32_t fds;
	uint32_t pipe_bytes;
	uint32_t poll_subscriptions;
	uint32_t threads;
	uint64_t output;     /* bytes that it may write to files that are `counted`; one more ends it; 0: no limit */
	uint64_t file_bytes; /* bytes that it may add to file systems, less those that it removes; 0: no limit */
};
extern const struct hf_limits hf_default_limits;

/* A list of strings in WASI's format: one after the other, each with its NUL. */
struct hf_strings {
	uint32_t count;
	uint32_t size; /* total bytes */
	char *bytes;
};

struct hf_process {
	_Atomic uint32_t refs;
	/* Immutable after creation. */
	uint32_t pid;
	struct hf_strings args, env;
	struct hf_limits limits;
	/* Posted when the process is ordered to end (so that the coordinator stops threads that compute) and again when the last thread is gone. Set by
	 * the coordinator before the first thread starts. */
	struct hf_work ended;
	/* Posted when one of its threads sleeps or ends while the process is ordered to pause: hf_process_is_paused may now be true. */
	struct hf_work held;
	/* The process whose budgets of output, files and pipes it uses: itself, or an ancestor, to which it then holds a reference. Set before the first
	 * thread starts. */
	struct hf_process *payer;
	/* The process in whose `futex` its threads wait: itself, or another one with the same memory, to which it then holds a reference. Set before the
	 * first thread starts. */
	struct hf_process *waits;
	void *owner; /* the coordinator's object for this process, for those two */

	/* The pipe for the trace of its calls, if it was ever traced. Holds the writing end until the last thread is gone. */
	struct hf_pipe *_Atomic trace;

	struct hf_fdtable fds;     /* has its own lock */
	struct hf_futex futex;     /* has its own lock */
	struct hf_budget output;   /* atomic; bytes written, and bytes that current calls may still write */
	_Atomic uint64_t written;  /* the bytes written */
	struct hf_budget file_use; /* atomic; drawn on through hf_account */
	struct hf_budget pipes;    /* atomic; pipes created by guests (coordinator/children.c) */
	_Atomic uint64_t began;    /* start of its first thread, on the monotonic clock; 0: not yet */
	_Atomic uint64_t
		latest; /* the last time that its monotonic clock returned, while it has several threads (wasi/misc.c) */

	struct hf_lock lock;
	/* Protected by lock. */
	struct hf_link threads;
	uint32_t thread_count;
	uint64_t cpu_time; /* CPU time of threads that are gone, nanoseconds */
	bool traced;       /* its threads are traced, including future ones */
	bool paused;       /* ordered to pause, as new threads will be */
	bool resident;     /* stays alive without threads, until hf_process_end */
	bool ending;
	bool dead; /* all threads are gone, and it has ended */
	enum hf_exit_reason reason;
	uint32_t code;
	uint32_t message_size;
	uint32_t stack_size;
	char message[HF_EXIT_MESSAGE_MAX]; /* UTF-8, truncated at a character */
	char stack[HF_EXIT_STACK_MAX];
};

/* Copies the strings; returns one reference. `run_ended` becomes process->ended.run; the caller sets held.run if it will ever pause the process. 0,
 * -HF_ENOMEM. */
HF_MUST_CHECK int hf_process_create(uint32_t pid, const struct hf_strings *args, const struct hf_strings *env,
                                    const struct hf_limits *limits, void (*run_ended)(struct hf_work *),
                                    struct hf_process **out);
struct hf_process *hf_process_ref(struct hf_process *process);
void hf_process_unref(struct hf_process *process);

/* From now on the child's output, files and pipes are charged to the parent, and share its limits. Call it before the child's first thread starts. */
void hf_process_share_budgets(struct hf_process *child, struct hf_process *parent);
/* The two have the same memory: from now on, a notify of one wakes threads of the other, too. Call it before the process's first thread starts. */
void hf_process_share_waits(struct hf_process *process, struct hf_process *peer);

/* Adds the thread block to the process. 0; -HF_EAGAIN at the thread limit; -HF_ESRCH when the process is ending. */
HF_MUST_CHECK int hf_process_add_thread(struct hf_process *process, struct hf_thread *thread, uint32_t tid);

/* From now on the process stays alive without threads, until hf_process_end. Call it while the process still has a thread; any thread may. */
void hf_process_make_resident(struct hf_process *process);

/* Whether the thread limit is reached. Any thread. */
bool hf_process_is_full(struct hf_process *process);

/* Ends the process: the first reason counts, and later calls do nothing. Every thread is ordered to stop; the coordinator must claim those that
 * compute. Any thread; never blocks. `message` and `stack` may be NULL. */
void hf_process_end(struct hf_process *process, enum hf_exit_reason reason, uint32_t code, const char *message,
                    uint32_t message_size, const char *stack, uint32_t stack_size);

/* Removes a thread that left by itself, or that the caller has claimed. Called for the last thread, it closes everything that the process had open,
 * unless the process is resident. Called exactly once for each thread. Drops the thread's reference to the process. */
void hf_process_thread_gone(struct hf_thread *thread);

/* Claims every thread that is in the guest and calls `claimed` for each, with no lock held. Coordinator only, after
 * hf_process_end. */
void hf_process_claim_threads(struct hf_process *process, void (*claimed)(struct hf_thread *thread));
/* The same, but only for threads that rest (hf_thread_rest), which might never come to the door. */
void hf_process_claim_resting(struct hf_process *process, void (*claimed)(struct hf_thread *thread));

/* Orders all threads, including future ones, to stay in the kernel when they next enter it; or withdraws that order. Their waits continue, and
 * deadlines pass. Any thread; never blocks. */
void hf_process_pause(struct hf_process *process, bool paused);
/* Whether all its threads sleep in the kernel, so that none can run guest code before the process is resumed (a thread whose wait ends sleeps again
 * at the door). Any thread. */
bool hf_process_is_paused(struct hf_process *process);

/* Starts tracing its calls to the pipe (NULL: to the pipe that it already has), or stops tracing. Takes over the hold on the writing end; if the
 * process is dead, or already has a pipe, it releases the hold at once, and the reader gets the end of file. Coordinator only. */
void hf_process_trace(struct hf_process *process, bool traced, struct hf_pipe *pipe);

/* Nanoseconds that its threads ran, without sleeps. Any thread. */
uint64_t hf_process_cpu_time(struct hf_process *process);

bool hf_process_is_dead(struct hf_process *process);

#endif
