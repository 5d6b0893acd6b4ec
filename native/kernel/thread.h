/* thread.h - a guest's thread: where it runs (door), how it sleeps (park), how it is stopped.
 *
 * The door. One atomic word says where the thread is:
 *   HF_IN_GUEST   it runs the guest's code, or the host's around it, and holds nothing of the kernel's: it may be
 *                 terminated at any instant by a thread that moves the word to HF_CLAIMED.
 *   HF_IN_KERNEL  it runs a system call. It is never terminated here; it is asked to stop, its waits end, the call
 *                 unwinds and it stops at the door on its way out.
 *   HF_UNWINDING  it was ordered to stop and unwinds the guest's stack. It holds nothing, and is about to report that it is
 *                 gone, so it is not claimed. (A trap takes it there, which no guest can catch. Where an embedder
 *                 unwinds by something that can be caught, a further call is unwound again at the door.)
 *   HF_CLAIMED    another thread has declared it dead. If it still runs (a zombie), it parks forever at the door.
 * To stop a thread, an order is set, and then the claim is attempted; a thread that leaves the kernel stores HF_IN_GUEST, and then checks its orders.
 * Both are sequentially consistent, so one of the two sees the other. A thread that is ordered to pause sleeps in the kernel, on its way out, until
 * the order is withdrawn.
 *
 * Parking. `park` is a sequence number, and the futex word that the thread sleeps on. A waiting thread takes a ticket (the current number), links
 * itself to the object, checks whether the object is ready, and parks while the number equals its ticket. A thread that changes the object adds one
 * to the number. So no wake-up between the check and the sleep is lost. */
#ifndef HF_KERNEL_THREAD_H
#define HF_KERNEL_THREAD_H

#include <holdfast/errno.h>

#include "fs/vnode.h"
#include "kernel/spawn.h"
#include "kernel/turn.h"
#include "kernel/waitq.h"
#include "platform/uio.h"

#define HF_IOV_MAX 1024

/* Orders to a thread, as bits of one word. The thread checks them when it leaves the kernel, when it wakes, and now and then during long operations. */
enum hf_order {
	HF_ORDER_STOP = 1 << 0,  /* end waits, and unwind at the next boundary */
	HF_ORDER_PAUSE = 1 << 1, /* do not return to the guest until this is withdrawn */
	HF_ORDER_TURN = 1 << 2,  /* return to the guest in turns with others (turn.h); never withdrawn */
};

enum hf_door {
	HF_IN_GUEST = 0,
	HF_IN_KERNEL = 1,
	HF_CLAIMED = 2,
	HF_UNWINDING = 3,
};

struct hf_process;
struct hf_thread;

/* A waiter that wakes a thread. */
struct hf_thread_waiter {
	struct hf_waiter waiter;
	struct hf_thread *thread;
};

/* A call of a function in the page (coordinator/host_call.c); one at a time. */
struct hf_host_call {
	struct hf_request base;
	struct hf_thread_waiter waiter;
	uint32_t number; /* number of the call; changed by the thread while the request is IDLE */
	uint32_t function;
	uint8_t *answer; /* owned; NULL: none */
};

/* A value of asleep_since. */
#define HF_WAKING 1

struct hf_thread {
	/* Atomic; any thread. */
	hf_word door;
	hf_word park;
	hf_word parked;  /* 1 while it sleeps or is about to; otherwise a waker need not notify */
	hf_word orders;  /* enum hf_order */
	hf_word gone;    /* 1 once it has left its process; set just before that can be reported */
	hf_word resting; /* 1 while its worker waits for work in its event loop (hf_thread_rest) */

	hf_word turn; /* enum hf_turn; changed by turn.c with its lock held, which also protects in_line */
	struct hf_link in_line;

	/* Immutable while the thread belongs to a process. */
	struct hf_process *process; /* NULL when it belongs to no process */
	uint32_t tid;
	uint64_t started; /* start time, on the monotonic clock */

	/* Protected by process->lock. */
	struct hf_link in_process;

	/* Written by the owner, read by any thread (relaxed). */
	hf_counter syscalls;
	hf_counter traced;  /* set by others: time since when its calls are traced (wasi/trace.h); 0: not traced */
	hf_counter call;    /* the current system call or the last one: enum hf_call (wasi/calls.h) */
	hf_counter parks;   /* how often it went to sleep */
	hf_counter wakeups; /* how often it woke up */
	hf_counter slept;   /* nanoseconds spent asleep, without the current sleep */
	_Atomic uint64_t asleep_since; /* 0: it is awake; HF_WAKING: its sleep is being counted */

	/* Owner thread only. */
	struct hf_usermem mem;
	uint64_t call_started;         /* start of the current call, if it is traced */
	struct hf_iov iov[HF_IOV_MAX]; /* the current call's vector */
	char path[2][HF_PATH_MAX];     /* the current call's paths */

	/* Kept from one run of the block to the next; its owner changes as request.h describes. */
	struct hf_spawn_request spawn;
	struct hf_host_call host;
	hf_counter *locks; /* hf_locks of the worker that the block belongs to; NULL where it is not needed */

	/* Immutable. A copy of the orders, which an interruptible guest checks (platform.h). */
	uint32_t flag;
};

_Static_assert(HF_ORDER_STOP == 1, "hf_told_to_stop looks at bit 0");
_Static_assert(offsetof(struct hf_thread, park) == HF_THREAD_PARK_AT, "JavaScript uses this offset");

/* The calling thread's block; NULL on the coordinator. Set by hf_thread_become. */
extern _Thread_local struct hf_thread *hf_self;

static inline void hf_thread_become(struct hf_thread *thread)
{
	hf_self = thread;
	hf_stop_word = thread ? &thread->orders : NULL;
}

/* Whether the calling thread must stop or pause, or its turn has ended. */
bool hf_thread_has_orders(void);

/* Prepares a thread block for a new run: HF_IN_GUEST, with an empty guest memory. Called by the block's owner; the
 * thread must not be running. */
void hf_thread_init(struct hf_thread *thread, struct hf_process *process, uint32_t tid);

/* ---- the door: owner thread only ---- */

/* Enters the kernel, or never returns: parks forever if the thread was claimed. */
static inline void hf_door_enter(struct hf_thread *thread);
/* Leaves the kernel, or never returns: unwinds the guest if the thread has the order to stop. Blocks while it has the
 * order to pause. */
static inline void hf_door_leave(struct hf_thread *thread);
/* Enters the kernel for the last time, after the guest has returned or was unwound; or never returns, like hf_door_enter. */
void hf_door_return(struct hf_thread *thread);

/* ---- parking: owner thread only ---- */

enum hf_park_spin { HF_PARK_AT_ONCE = 0, HF_PARK_SPIN = 1 };

static inline uint32_t hf_park_ticket(struct hf_thread *thread)
{
	return atomic_load(&thread->park);
}

/* Sleeps while the ticket is current, until the deadline. Blocks; no lock may be held. Spinning first (for some microseconds, only while a core is
 * free) is for waits that another thread usually ends at once. Returns 0 (something changed: check again), -HF_ETIMEDOUT, or -HF_EINTR when the
 * thread must stop. */
HF_MUST_CHECK int hf_park(struct hf_thread *thread, uint32_t ticket, uint64_t deadline, enum hf_park_spin spin);

/* Sleeps until the deadline. Returns -HF_ETIMEDOUT, or -HF_EINTR when the thread must stop. */
HF_MUST_CHECK int hf_thread_sleep(struct hf_thread *thread, uint64_t deadline);

/* From now until the owner thread calls hf_thread_starts_now, time does not count as the guest's CPU time (its worker starts, or waits for memory).
 * Called by the owner thread, or by the coordinator before the owner has the block. */
void hf_thread_starts_later(struct hf_thread *thread);
void hf_thread_starts_now(struct hf_thread *thread);
/* Whether it has begun, or has ended without beginning. Any thread. */
bool hf_thread_has_begun(struct hf_thread *thread);
/* Frees a host call's answer that was not fetched. Called by the owner thread, or by the coordinator when the worker is gone. */
void hf_thread_drop_answer(struct hf_thread *thread);
/* Called when the worker returns to its event loop, where it may stay for a long time: until hf_thread_awake, time does not count as the guest's CPU
 * time, and the thread counts as asleep, although its door says HF_IN_GUEST. Owner thread only, in the guest. Both unwind a thread that must stop;
 * hf_thread_awake blocks while it must pause. */
void hf_thread_rest(struct hf_thread *thread);
void hf_thread_awake(struct hf_thread *thread);
/* Nanoseconds that the thread ran, without sleeps. Any thread. */
uint64_t hf_thread_cpu_time(struct hf_thread *thread);
/* The same, at a time that the caller passes, because no thread reads the clock with a lock held. */
uint64_t hf_thread_cpu_time_at(struct hf_thread *thread, uint64_t now);

/* Adds to the number of threads that run guest code, which decides whether spinning is worth it. For process.c only. */
void hf__thread_counted(int change);
/* Returns that number. Any thread. */
uint32_t hf__threads_awake(void);
/* Whether a core is free for a thread to spin, if `woken` more threads run. Any thread. */
bool hf_thread_may_spin(uint32_t woken);

/* ---- from any thread ---- */

/* Wakes the thread, because something that it may wait for has changed. */
void hf_thread_wake(struct hf_thread *thread);
/* Orders it to stop: its waits end, and it unwinds at the next boundary. Idempotent. */
void hf_thread_stop(struct hf_thread *thread);
/* Makes it return to its guest in turns with others from now on. Idempotent. */
void hf_thread_in_turns(struct hf_thread *thread);
/* Gives or withdraws the order to pause. Idempotent. */
void hf_thread_pause(struct hf_thread *thread, bool paused);
/* Whether it sleeps in the kernel or has yet to begin. If so, and it is ordered to pause, it will not run the guest's code until that order is
 * withdrawn. */
bool hf_thread_sleeps(struct hf_thread *thread);
/* Declares a thread in the guest dead. True: the caller owns it now, and it will never touch the kernel again; its worker must be terminated. False:
 * it is in the kernel (and will stop by itself if ordered to), or was already claimed.
 */
bool hf_thread_claim(struct hf_thread *thread);

/* Called when its worker has ended by itself. Returns whether it held or waited for a lock, for which other threads may now wait forever. */
static inline bool hf_thread_took_locks_along(struct hf_thread *thread)
{
	return thread->locks && hf_counter_read(thread->locks) != 0;
}

void hf_thread_waiter_init(struct hf_thread_waiter *waiter, struct hf_thread *thread);

_Noreturn void hf__door_closed(uint32_t found);
void hf__door_ordered(struct hf_thread *thread);

/* Lets other threads run. The time until this one continues does not count as its CPU time. Owner thread only, in the kernel, with no lock held. */
void hf_thread_give_way(struct hf_thread *thread);

static inline void hf_door_enter(struct hf_thread *thread)
{
	uint32_t expected = HF_IN_GUEST;
	if (!atomic_compare_exchange_strong(&thread->door, &expected, HF_IN_KERNEL))
		hf__door_closed(expected);
}

static inline void hf_door_leave(struct hf_thread *thread)
{
	hf_lock_order_none("leaving the kernel");
	/* A thread that must stop does so at once: its stack may be one that the engine cannot suspend. */
	if (hf_plat_slice_is_over() && !(atomic_load(&thread->orders) & HF_ORDER_STOP))
		hf_thread_give_way(thread);
	(void)atomic_exchange(&thread->door,
	                      HF_IN_GUEST); /* in wasm a store takes longer than an exchange: 6.6 and 4.8 ns */
	if (atomic_load(&thread->orders))
		hf__door_ordered(thread);
}

#endif
