/* supervise.h - a supervisor (supervisor.h) over threads of the host, for native embedders. A child is a function that runs on a separate thread
 * until it returns: a service, a guest that wasm2c has translated (host.h), or another supervisor.
 *
 * Any thread may call any function here unless a comment says otherwise. Times are nanoseconds; results are 0 or a negated HF_E*. The supervisor
 * notices every child's end at once, in any order. */
#ifndef HOLDFAST_SUPERVISE_H
#define HOLDFAST_SUPERVISE_H

#include <holdfast/supervisor.h>

struct hf_supervision; /* a running supervisor */
struct hf_supervised;  /* one run of a child, from start to end */

struct hf_supervise_options;

struct hf_supervise_child {
	const char *id;    /* unique; must outlive the supervisor, as `context` must */
	uint32_t restart;  /* HF_SUP_PERMANENT … */
	uint64_t shutdown; /* HF_SUP_USUAL … */
	/* Runs the child. Returns why it ended (HF_SUP_END_EXIT and a code, a number of exit_reason.def, or HF_SUP_END_START_FAILED), and must return
	 * soon after it is asked to stop (below). */
	struct hf_sup_end (*run)(void *context, struct hf_supervised *self);
	/* May be NULL. Called on the supervisor's thread, possibly during run, when the child must stop: first to ask it, then, or instead, to kill it.
	 * Must not wait. A thread of the host cannot be killed: for a guest that run has spawned and joins, call hf_guest_end here. The supervisor cannot
	 * end while a run does not return. */
	void (*stop)(void *context, struct hf_supervised *self, bool kill);
	void *context;
	/* If set, instead of run and stop: the child is another supervisor. */
	const struct hf_supervise_options *supervisor;
};

struct hf_supervise_options {
	struct hf_sup_settings settings; /* backoff.factor is at least 1 */
	const struct hf_supervise_child *children;
	uint32_t count;
	/* May be NULL. Called on the supervisor's thread with each HF_SUP_TELL_* and the child's id (NULL if there is none). May call any function here
	 * except hf_supervise_wait, hf_supervise_close and hf_supervise_detach for this supervisor. */
	void (*event)(void *context, const struct hf_sup_action *action, const char *id);
	void *context;
};

enum hf_supervise_outcome_kind { HF_SUPERVISE_COMPLETED, HF_SUPERVISE_RESTART_LIMIT, HF_SUPERVISE_TIMEOUT };

struct hf_supervise_outcome {
	enum hf_supervise_outcome_kind kind;
	uint64_t restarts;
	const char *id;        /* at the restart limit: the child whose end exceeded it */
	struct hf_sup_end end; /* … and how that child ended */
	uint32_t pending;      /* children that still exist: none except after a timeout */
};

/* Starts a supervisor and its children; does not wait for them. -EINVAL, -EEXIST, -ENOMEM, -EAGAIN (no thread). */
int hf_supervise(const struct hf_supervise_options *options, struct hf_supervision **out);

/* Waits until all children have ended for good or the supervisor has, at most this long (HF_SUP_FOREVER). A timeout
 * stops nothing: wait again, close it, kill it, or detach it. */
struct hf_supervise_outcome hf_supervise_wait(struct hf_supervision *sup, uint64_t timeout);

/* Like hf_sup_add, _stop and _restart. They do not wait. */
int hf_supervise_add(struct hf_supervision *sup, const struct hf_supervise_child *child);
int hf_supervise_stop(struct hf_supervision *sup, const char *id);
int hf_supervise_restart(struct hf_supervision *sup, const char *id);
/* Stops all children at once, like hf_sup_kill. Does not wait. */
void hf_supervise_kill(struct hf_supervision *sup);
/* Returns the generation of this child's last start; 0: it was never started, or does not exist. */
uint32_t hf_supervise_generation(struct hf_supervision *sup, const char *id);

/* Stops all children in reverse order, each with its shutdown time, waits until they have ended, and frees the supervisor. */
void hf_supervise_close(struct hf_supervision *sup);
/* Lets the supervisor continue by itself: it ends when all children have ended, and is then freed. The handle becomes invalid. */
void hf_supervise_detach(struct hf_supervision *sup);

/* Called by a child, in run: whether it must stop. */
bool hf_supervised_told(struct hf_supervised *self);
/* Called by a child, in run: sleeps at most this long, and returns whether it must stop. */
bool hf_supervised_sleep(struct hf_supervised *self, uint64_t time);
uint32_t hf_supervised_generation(const struct hf_supervised *self);

#endif
