/* thread.c - parking, waking and stopping; thread.h explains the protocols. */
#include "kernel/thread.h"

#include <string.h>

#include "kernel/process.h"
#include "platform/alloc.h"

/* About 10 us: a wake-up from sleep costs 5 to 20. */
#define PARK_SPINS 20000
#define SPINS_BETWEEN_LOOKS 64

/* Futexes in browsers oversleep by about 80 us, so a short sleep ends with spinning. */
#define SHORT_SLEEP_NS UINT64_C(1000000)
#define SPUN_TAIL_NS UINT64_C(150000)

_Thread_local struct hf_thread *hf_self;

/* Number of guest threads that are not parked: spinning is only worth it while a core is left for the thread that will wake us. */
static _Atomic uint32_t awake_threads;

/* A module's start function may call the kernel before the host has bound the memory: then every pointer is EFAULT. */
static uint32_t no_pages(void)
{
	return 0;
}

void hf_thread_init(struct hf_thread *thread, struct hf_process *process, uint32_t tid)
{
	memset(thread, 0, offsetof(struct hf_thread, iov));
	thread->process = process;
	thread->tid = tid;
	thread->started = hf_plat_monotonic();
	thread->mem.pages = no_pages;
	hf_list_init(&thread->in_process);
	hf_list_init(&thread->in_line);
	hf_plat_flag_lower(thread->flag, UINT32_MAX);
	atomic_store(&thread->door, HF_IN_GUEST);
}

void hf_thread_wake(struct hf_thread *thread)
{
	atomic_fetch_add(&thread->park, 1);
	if (atomic_load(&thread->parked))
		hf_plat_wake(&thread->park, 1);
}

void hf_thread_stop(struct hf_thread *thread)
{
	atomic_fetch_or(&thread->orders, HF_ORDER_STOP);
	hf_plat_flag_raise(thread->flag, HF_ORDER_STOP);
	hf_thread_wake(thread);
}

void hf_thread_in_turns(struct hf_thread *thread)
{
	atomic_fetch_or(&thread->orders, HF_ORDER_TURN);
}

void hf_thread_pause(struct hf_thread *thread, bool paused)
{
	if (paused) {
		atomic_fetch_or(&thread->orders, HF_ORDER_PAUSE); /* a thread that sleeps in a call keeps sleeping */
		hf_plat_flag_raise(thread->flag, HF_ORDER_PAUSE);
		return;
	}
	atomic_fetch_and(&thread->orders, ~(uint32_t)HF_ORDER_PAUSE);
	hf_plat_flag_lower(thread->flag, HF_ORDER_PAUSE);
	hf_thread_wake(thread);
}

bool hf_thread_sleeps(struct hf_thread *thread)
{
	uint32_t door = atomic_load(&thread->door);
	/* In the guest this is true only for a thread that rests or has not begun: both pass the door before they run guest code. */
	return (door == HF_IN_KERNEL || door == HF_IN_GUEST) && atomic_load(&thread->asleep_since) > HF_WAKING;
}

bool hf_thread_claim(struct hf_thread *thread)
{
	uint32_t expected = HF_IN_GUEST;
	return atomic_compare_exchange_strong(&thread->door, &expected, HF_CLAIMED);
}

bool hf_thread_has_orders(void)
{
	uint32_t orders = hf_self ? atomic_load_explicit(&hf_self->orders, memory_order_relaxed) : 0;
	return orders == HF_ORDER_TURN ? atomic_load_explicit(&hf_self->turn, memory_order_relaxed) == HF_TURN_OVER
	                               : orders;
}

bool hf_thread_may_spin(uint32_t woken)
{
	uint32_t cores = hf_plat_cores();
	return cores > 1 && hf__threads_awake() + woken <= cores;
}

/* Spins until the ticket is out of date, or enough time has passed. */
static void spin(struct hf_thread *thread, uint32_t ticket)
{
	for (int i = 0; i < PARK_SPINS && hf_thread_may_spin(0); i += SPINS_BETWEEN_LOOKS) {
		for (int j = 0; j < SPINS_BETWEEN_LOOKS; j++) {
			if (atomic_load_explicit(&thread->park, memory_order_relaxed) != ticket)
				return;
			hf_plat_relax();
		}
	}
}

void hf__thread_counted(int change)
{
	atomic_fetch_add_explicit(&awake_threads, (uint32_t)change, memory_order_relaxed);
}

uint32_t hf__threads_awake(void)
{
	return atomic_load_explicit(&awake_threads, memory_order_relaxed);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The clocks of two workers may differ by some microseconds, so a difference must not wrap. */
uint64_t hf_thread_cpu_time_at(struct hf_thread *thread, uint64_t now)
{
	uint64_t since, slept;
	/* Waits while the thread is waking up, when its sleep would count twice; but not forever, in case it never finishes. */
	for (int tries = 0; tries < 1000; tries++) {
		since = atomic_load(&thread->asleep_since);
		slept = hf_counter_read(&thread->slept);
		if (since != HF_WAKING && atomic_load(&thread->asleep_since) == since)
			break;
	}
	slept += since > HF_WAKING ? less(now, since) : 0;
	return less(less(now, thread->started), slept);
}

uint64_t hf_thread_cpu_time(struct hf_thread *thread)
{
	return hf_thread_cpu_time_at(thread, hf_plat_monotonic());
}

void hf_thread_starts_later(struct hf_thread *thread)
{
	atomic_store(&thread->asleep_since, hf_plat_monotonic());
}

static void count_sleep(struct hf_thread *thread, uint64_t from)
{
	atomic_store(&thread->asleep_since, HF_WAKING);
	hf_counter_add(&thread->slept, less(hf_plat_monotonic(), from));
	atomic_store(&thread->asleep_since, 0);
}

void hf_thread_starts_now(struct hf_thread *thread)
{
	count_sleep(thread, atomic_load(&thread->asleep_since));
}

/* A thread that has not begun counts as asleep and has not reached the door. */
bool hf_thread_has_begun(struct hf_thread *thread)
{
	return atomic_load(&thread->asleep_since) <= HF_WAKING || atomic_load(&thread->door) != HF_IN_GUEST ||
	       atomic_load(&thread->gone);
}

/* A thread first reports that it sleeps and then checks for the order; the thread that gives the order then checks whether it sleeps. At least one of
 * the two sees the other. */
static void tell_if_held(struct hf_thread *thread)
{
	if (atomic_load(&thread->orders) & HF_ORDER_PAUSE && thread->process)
		(void)hf_work_post(&thread->process->held);
}

void hf_thread_drop_answer(struct hf_thread *thread)
{
	hf_free(thread->host.answer);
	thread->host.answer = NULL;
}

/* The door is opened before the orders are checked, so a thread that is ordered to stop is either claimed because it rests, or sees the order. */
void hf_thread_rest(struct hf_thread *thread)
{
	hf_door_enter(thread);
	if (atomic_load_explicit(&thread->turn, memory_order_relaxed) >= HF_TURN_HAS)
		hf_turn_leave(thread);
	hf_thread_starts_later(thread);
	hf__thread_counted(-1);
	atomic_store(&thread->resting, 1);
	tell_if_held(thread);
	(void)atomic_exchange(&thread->door, HF_IN_GUEST);
	if (atomic_load(&thread->orders) & HF_ORDER_STOP)
		hf_thread_awake(thread);
}

void hf_thread_awake(struct hf_thread *thread)
{
	hf_door_enter(thread);
	atomic_store(&thread->resting, 0);
	hf__thread_counted(+1);
	hf_thread_starts_now(thread);
	hf_door_leave(thread);
}

#define CANNOT_WAIT                                                                   \
	"it waits in a start function, for which the page must be cross-origin isolated " \
	"(Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy)"

static void sleep_on_ticket(struct hf_thread *thread, uint32_t ticket, uint64_t deadline)
{
	hf_lock_order_none("a wait");
	if (!hf_plat_may_wait()) {
		hf_process_end(thread->process, HF_EXIT_TRAP, HF_CODE_TRAP, CANNOT_WAIT, sizeof CANNOT_WAIT - 1, NULL, 0);
		return;
	}
	if (atomic_load_explicit(&thread->turn, memory_order_relaxed) >= HF_TURN_HAS)
		hf_turn_leave(thread);
	uint64_t from = hf_plat_monotonic();
	atomic_store(&thread->asleep_since, from);
	hf_counter_add(&thread->parks, 1);
	hf__thread_counted(-1);
	atomic_store(&thread->parked, 1);
	tell_if_held(thread);
	(void)hf_plat_wait(&thread->park, ticket, deadline);
	atomic_store(&thread->parked, 0);
	hf__thread_counted(+1);
	hf_counter_add(&thread->wakeups, 1);
	count_sleep(thread, from);
}

/* With one thread of the engine it counts as asleep meanwhile, and `parked` tells that from a sleep. */
void hf_thread_give_way(struct hf_thread *thread)
{
	if (!HF_SINGLE) {
		hf_plat_yield();
		return;
	}
	if (!hf_plat_may_wait())
		return;
	uint64_t from = hf_plat_monotonic();
	atomic_store(&thread->asleep_since, from);
	hf__thread_counted(-1);
	tell_if_held(thread);
	hf_plat_yield();
	hf__thread_counted(+1);
	count_sleep(thread, from);
}

int hf_park(struct hf_thread *thread, uint32_t ticket, uint64_t deadline, enum hf_park_spin how)
{
	/* A deadline in the past requests only a check, without spinning. */
	if (how == HF_PARK_SPIN && (deadline == HF_FOREVER || hf_plat_monotonic() < deadline))
		spin(thread, ticket);
	for (;;) {
		if (atomic_load(&thread->orders) & HF_ORDER_STOP)
			return -HF_EINTR;
		if (atomic_load(&thread->park) != ticket)
			return 0;
		uint64_t now = deadline == HF_FOREVER ? 0 : hf_plat_monotonic();
		if (now >= deadline)
			return -HF_ETIMEDOUT;
		uint64_t left = deadline - now;
		if (deadline == HF_FOREVER || left >= SHORT_SLEEP_NS || HF_SINGLE)
			sleep_on_ticket(thread, ticket, deadline);
		else if (left > SPUN_TAIL_NS)
			sleep_on_ticket(thread, ticket, deadline - SPUN_TAIL_NS);
		else
			hf_plat_relax();
	}
}

int hf_thread_sleep(struct hf_thread *thread, uint64_t deadline)
{
	for (;;) {
		int result = hf_park(thread, hf_park_ticket(thread), deadline, HF_PARK_AT_ONCE);
		if (result != 0)
			return result;
	}
}

static void wake_thread(struct hf_waiter *waiter)
{
	hf_thread_wake(HF_CONTAINER(waiter, struct hf_thread_waiter, waiter)->thread);
}

void hf_thread_waiter_init(struct hf_thread_waiter *waiter, struct hf_thread *thread)
{
	hf_waiter_init(&waiter->waiter, wake_thread);
	waiter->thread = thread;
}

/* A zombie: it was claimed while it ran the guest's code and has now arrived at the door. It owns nothing, not even its stack, so it sleeps here
 * without touching anything until its worker is terminated. */
void hf__door_closed(uint32_t found)
{
	if (found == HF_UNWINDING)
		hf_plat_unwind();
	/* The thread never left a system call: the kernel itself trapped, perhaps with a lock held. */
	if (found == HF_IN_KERNEL)
		hf_plat_panic(__FILE_NAME__, __LINE__, "a system call did not end");
	hf_plat_rest();
}

static void sleep_while_paused(struct hf_thread *thread)
{
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		if ((atomic_load(&thread->orders) & (HF_ORDER_STOP | HF_ORDER_PAUSE)) != HF_ORDER_PAUSE)
			return;
		sleep_on_ticket(thread, ticket, HF_FOREVER);
	}
}

/* Leaves the kernel with orders pending: sleeps until the thread may continue, or unwinds the guest's stack, unless another thread has claimed this
 * one first. It waits for a turn only once: the guest continues even if that turn is already over. */
void hf__door_ordered(struct hf_thread *thread)
{
	bool had_turn = false;
	for (uint32_t orders; (orders = atomic_load(&thread->orders)) != 0;) {
		if (orders == HF_ORDER_TURN && (had_turn || !hf_turn_is_due(thread)))
			return;
		uint32_t expected = HF_IN_GUEST;
		bool stop = orders & HF_ORDER_STOP;
		if (!atomic_compare_exchange_strong(&thread->door, &expected, stop ? HF_UNWINDING : HF_IN_KERNEL))
			hf__door_closed(expected);
		if (stop)
			hf_plat_unwind();
		if (orders & HF_ORDER_PAUSE) {
			sleep_while_paused(thread);
		} else {
			hf_turn_take(thread);
			had_turn = true;
		}
		(void)atomic_exchange(&thread->door, HF_IN_GUEST);
	}
}

void hf_door_return(struct hf_thread *thread)
{
	uint32_t expected = HF_UNWINDING;
	if (!atomic_compare_exchange_strong(&thread->door, &expected, HF_IN_KERNEL))
		hf_door_enter(thread);
}
