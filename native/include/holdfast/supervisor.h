/* supervisor.h - the policy of a supervisor as in Erlang/OTP: events and the time go in, actions come out. It has no clock and no threads, and
 * allocates no memory. supervise.h runs it over threads of the host, native/supervisor/wasm.c over processes of the kernel.
 *
 * Strategies, restart types, shutdown and restart intensity are those of OTP's supervisor
 * (https://www.erlang.org/doc/apps/stdlib/supervisor.html), with these differences:
 *   - A failed start counts as a restart, even the first one. (OTP's start_link fails if a first start does.)
 *   - Between an end and the restart there may be a delay. Children that are restarted together are stopped before the delay.
 *   - As in OTP, a stopped child can be restarted alone, or with others when the strategy says so; but hf_sup_restart also restarts running children.
 *   - When all children have ended for good, the supervisor reports this (HF_SUP_TELL_COMPLETED), and continues if some are added.
 *
 * How to drive it: after every call that changes something, and at hf_sup_deadline, call hf_sup_next until it returns false, and carry out each
 * action. Nothing here blocks. One thread at a time. Times are nanoseconds of one monotonic clock. Functions return 0 or a negated HF_E* (errno.h). */
#ifndef HOLDFAST_SUPERVISOR_H
#define HOLDFAST_SUPERVISOR_H

#include <holdfast/layouts.h>
#include <stdbool.h>
#include <stdint.h>

enum hf_sup_number {
#define X(name, value, doc) HF_SUP_##name = value,
#include <holdfast/supervisor.def>
#undef X
};

#define HF_SUP_FOREVER UINT64_MAX
/* A value for `shutdown`: 5 s, or no limit for a child that turns out to be a supervisor. */
#define HF_SUP_USUAL (UINT64_MAX - 1)

struct hf_sup_end {
	uint32_t reason; /* a number of exit_reason.def, or HF_SUP_END_* */
	uint32_t code;
};

/* A trap, a kill, a timeout, a limit, a crash, a failed start and an exit with a code other than 0 are abnormal. */
static inline bool hf_sup_is_normal(struct hf_sup_end end)
{
	return end.reason == HF_SUP_END_EXIT && end.code == 0;
}

struct hf_sup_settings {
	uint32_t strategy;
	int32_t max_restarts; /* the most restarts within the time; negative: no limit */
	uint64_t within;      /* OTP's period; HF_SUP_FOREVER counts all restarts */
	/* The delay before a restart: min, then multiplied by factor each time, up to max; min again once the child has run for max. It is shortened by a
	 * random fraction of at most jitter (0 to 1). */
	struct {
		uint64_t min, max;
		double factor, jitter;
	} backoff;
	uint32_t (*random)(void *context); /* returns 32 random bits; NULL: no jitter */
	void *context;
};

struct hf_sup_spec {
	uint32_t id; /* chosen by the host; unique */
	uint32_t restart;
	uint64_t shutdown; /* how long it may take to end after it is asked to; 0: it is killed at once */
};

enum hf_sup_state { HF_SUP_IDLE, HF_SUP_WAITING, HF_SUP_STARTING, HF_SUP_RUNNING };

/* The fields are for reading. */
struct hf_sup_child {
	struct hf_sup_spec spec;
	enum hf_sup_state state;
	enum { HF_SUP_STAYS, HF_SUP_TO_STOP, HF_SUP_ASKED, HF_SUP_KILLED } stop;
	bool fresh;            /* not started yet */
	bool again;            /* to be started once it has stopped */
	bool untold;           /* it was stopped before it started; not reported yet */
	uint32_t generation;   /* generation of the last start; 0: never started */
	uint32_t restarts;     /* restarts by the policy, not by command */
	uint64_t at;           /* waiting: earliest start; running: start time */
	uint64_t deadline;     /* asked to stop: when it is killed */
	uint64_t delay;        /* delay before the last restart, without jitter */
	struct hf_sup_end end; /* how the last generation ended; reason 0: none has */
};

struct hf_sup_action {
	uint32_t kind;       /* HF_SUP_DO_*, HF_SUP_TELL_* */
	uint32_t id;         /* the child, or the one whose end exceeded the limit */
	uint32_t generation; /* generation of the start that this concerns */
	bool forgotten;      /* ended, stopped: it was temporary, and its id is free */
	uint64_t delay;      /* for restarting and ask: nanoseconds from now */
	struct hf_sup_end end;
};

/* The fields are for reading. */
struct hf_supervisor {
	struct hf_sup_settings settings;
	struct hf_sup_child *children; /* in the order in which they are started */
	uint32_t count, capacity;
	uint64_t restarts; /* restarts by the policy since creation */
	enum { HF_SUP_OPEN, HF_SUP_CLOSING, HF_SUP_AT_LIMIT } phase;
	bool told; /* whether completion or the end was reported */
	uint32_t generation;
	/* the last restarts, a ring of max_restarts */
	uint64_t *times;
	uint32_t times_count, times_next;
	/* a queue of pending notifications */
	struct hf_sup_action tell[4];
	uint32_t tell_count;
	/* set at the restart limit */
	uint32_t limit_id;
	struct hf_sup_end limit_end;
};

/* The table has room for `capacity` children, `times` for hf_sup_times(settings) numbers; the caller owns both, and they must outlive the supervisor.
 * -EINVAL: an invalid setting. */
int hf_sup_init(struct hf_supervisor *sup, const struct hf_sup_settings *settings, struct hf_sup_child *table,
                uint32_t capacity, uint64_t *times);
uint32_t hf_sup_times(const struct hf_sup_settings *settings);
/* Moves the children to a table with more room. The supervisor no longer uses the old one. */
void hf_sup_move(struct hf_supervisor *sup, struct hf_sup_child *table, uint32_t capacity);

/* Commands. All return -ECANCELED when the supervisor is closing or at its limit. */

/* Puts a child at the end of the order, to be started. -EEXIST, -EINVAL, -ENOSPC: the table is full. */
int hf_sup_add(struct hf_supervisor *sup, const struct hf_sup_spec *spec, uint64_t now);
/* Stops the child if it runs, and starts it at once; does not affect other children, and does not count as a restart. -ENOENT. */
int hf_sup_restart(struct hf_supervisor *sup, uint32_t id, uint64_t now);
/* Stops the child, which stays in the order unless it is temporary. -ENOENT. */
int hf_sup_stop(struct hf_supervisor *sup, uint32_t id);
/* Stops all children for good, the last one first. HF_SUP_TELL_FINISHED follows. Calling it again does nothing. */
void hf_sup_close(struct hf_supervisor *sup);

/* The same, but without giving the children time: those that were already asked to stop are also killed now. In any phase. */
void hf_sup_kill(struct hf_supervisor *sup, uint64_t now);

/* Events. -ESRCH: this generation of this child is not expected (any more), and nothing changes. */

/* The start succeeded. A child that is a supervisor has unlimited time to shut down if its spec says HF_SUP_USUAL. */
int hf_sup_started(struct hf_supervisor *sup, uint32_t id, uint32_t generation, bool supervisor, uint64_t now);
/* The child ended, or its start failed. */
int hf_sup_ended(struct hf_supervisor *sup, uint32_t id, uint32_t generation, struct hf_sup_end end, uint64_t now);

/* Gets the next action; false: there is none until an event, a command or the deadline. */
bool hf_sup_next(struct hf_supervisor *sup, uint64_t now, struct hf_sup_action *action);
/* Returns the time at which to call hf_sup_next even if nothing happens; HF_SUP_FOREVER: never. */
uint64_t hf_sup_deadline(const struct hf_supervisor *sup);

/* Returns NULL when there is none. */
const struct hf_sup_child *hf_sup_find(const struct hf_supervisor *sup, uint32_t id);

#endif
