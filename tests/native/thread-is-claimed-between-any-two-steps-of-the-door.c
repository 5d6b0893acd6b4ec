/* "In the guest it holds nothing": a thread is stopped between any two of its steps on atomic words (the door's, the orders', the park's); at one
 * step it gets the order to stop, pause or continue; at the same or a later step it is claimed. Each time either the claim succeeds, and the
 * thread then touches nothing of the kernel but its own door and orders (the rest is poisoned, and its objects are freed), or it leaves by itself.
 *
 * The steps are thread.c's and thread.h's own, compiled here with a hook before and after each atomic operation. */
#include <stdatomic.h>

static void step(void);

#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_fetch_add
#undef atomic_fetch_or
#undef atomic_fetch_and
#undef atomic_compare_exchange_strong
#define STEP(operation)                      \
	__extension__({                          \
		step();                              \
		__auto_type step_result = operation; \
		step();                              \
		step_result;                         \
	})
#define atomic_load(p) STEP(atomic_load_explicit(p, memory_order_seq_cst))
#define atomic_store(p, v) STEP((atomic_store_explicit(p, v, memory_order_seq_cst), 0))
#define atomic_exchange(p, v) STEP(atomic_exchange_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_add(p, v) STEP(atomic_fetch_add_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_or(p, v) STEP(atomic_fetch_or_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_and(p, v) STEP(atomic_fetch_and_explicit(p, v, memory_order_seq_cst))
#define atomic_compare_exchange_strong(p, e, v) \
	STEP(atomic_compare_exchange_strong_explicit(p, e, v, memory_order_seq_cst, memory_order_seq_cst))
#include "platform/platform.h"

static int wait_told(hf_word *word, uint32_t expected, uint64_t deadline);
#define hf_plat_wait(word, expected, deadline) wait_told(word, expected, deadline)
#include "kernel/thread.c" /* replaces the library's copy */
#undef hf_plat_wait

#include "platform/native.h"
#include "support/threads.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum { CALLS = 2 };
enum order { STOP, PAUSE, PAUSE_AND_RESUME, ORDERS };

struct run {
	struct hf_thread thread;
	int *object; /* a kernel object that threads use within calls */
	/* The steps at which the thread is held, in ascending order; and the step that it has reached. */
	unsigned holds[2], at;
	sem_t held, go;
	_Atomic unsigned begun; /* calls that the guest was about to make */
	/* Not atomic: the semaphores, or the end of the OS thread, order the accesses. `reached`: it is held at the second step. */
	bool asleep, reached, rested, unwound, left;
};

static _Thread_local struct run *mine;

static void hold(struct run *run)
{
	CHECK_EQ(sem_post(&run->held), 0);
	while (sem_wait(&run->go) != 0)
		;
}

static void step(void)
{
	struct run *run = mine;
	if (!run)
		return;
	unsigned at = run->at++;
	for (int i = 0; i < 2; i++) {
		if (at == run->holds[i]) {
			run->reached = at == run->holds[1];
			hold(run);
		}
	}
}

/* A thread that must pause sleeps in the kernel; this is reported, because it does nothing until the other side acts. */
static int wait_told(hf_word *word, uint32_t expected, uint64_t deadline)
{
	if (mine) {
		mine->asleep = true;
		CHECK_EQ(sem_post(&mine->held), 0);
	}
	return hf_plat_wait(word, expected, deadline);
}

/* ---- the thread ---- */

/* Each call works on the kernel's object, waits a moment, and works again. */
static void guest(void *context)
{
	struct run *run = context;
	for (int i = 0; i < CALLS; i++) {
		atomic_fetch_add_explicit(&run->begun, 1, memory_order_relaxed);
		hf_door_enter(&run->thread);
		++*run->object;
		(void)hf_thread_sleep(&run->thread, hf_plat_monotonic());
		++*run->object;
		hf_door_leave(&run->thread);
	}
}

/* A zombie at the door, in place of a sleep that does not end. */
static void rest(void)
{
	struct run *run = mine;
	mine = NULL;
	run->rested = true;
	(void)sem_post(&run->held);
	pthread_exit(NULL);
}

static void *host(void *argument)
{
	struct run *run = argument;
	mine = run;
	run->unwound = hf_native_enter(guest, run);
	hf_door_return(&run->thread);
	++*run->object; /* as hf_process_thread_gone does */
	mine = NULL;
	run->left = true;
	(void)sem_post(&run->held);
	return NULL;
}

/* ---- who stops it ---- */

/* Until it is held, rests, has left, or sleeps because it must pause. */
static void until_held(struct run *run)
{
	while (sem_wait(&run->held) != 0)
		;
}

static void poison(struct run *run, bool on)
{
	char *from = (char *)&run->thread, *to = (char *)(&run->thread + 1);
	struct {
		hf_word *word;
	} kept[] = {{&run->thread.door}, {&run->thread.orders}};
	ASAN_UNPOISON_MEMORY_REGION(from, (size_t)(to - from));
	if (!on)
		return;
	/* Poisoning works on units of eight bytes: a unit with a word that is kept is not poisoned. */
	uintptr_t low = (uintptr_t)kept[0].word & ~(uintptr_t)7, high = ((uintptr_t)kept[1].word & ~(uintptr_t)7) + 8;
	CHECK(low == (uintptr_t)from && high < (uintptr_t)to);
	ASAN_POISON_MEMORY_REGION((char *)high, (size_t)((uintptr_t)to - high));
}

static unsigned claims, leaves;

/* Whether the thread reached the second step: otherwise any later step gives the same run. */
static bool once(enum order order, unsigned first, unsigned second)
{
	struct run *run = aligned_alloc(64, (sizeof *run + 63) & ~(size_t)63);
	pthread_t os;
	CHECK(run);
	memset(run, 0, sizeof *run);
	hf_thread_init(&run->thread, NULL, 1);
	run->object = calloc(1, sizeof *run->object);
	run->holds[0] = first;
	run->holds[1] = second;
	CHECK(sem_init(&run->held, 0, 0) == 0 && sem_init(&run->go, 0, 0) == 0);
	CHECK_EQ(pthread_create(&os, NULL, host, run), 0);

	until_held(run);
	if (order == STOP)
		hf_thread_stop(&run->thread);
	else
		hf_thread_pause(&run->thread, true);
	if (first != second) {
		CHECK_EQ(sem_post(&run->go), 0);
		until_held(run);
	}
	/* It sleeps within the kernel and is not claimed there, but continues with the next order. */
	bool asleep = run->asleep;
	CHECK(!asleep || (order != STOP && !hf_thread_claim(&run->thread)));
	if (order == PAUSE_AND_RESUME)
		hf_thread_pause(&run->thread, false);
	else
		hf_thread_stop(&run->thread);
	if (asleep)
		until_held(run);

	bool reached = run->reached;
	bool claimed = hf_thread_claim(&run->thread);
	unsigned begun = atomic_load_explicit(&run->begun, memory_order_relaxed);
	if (claimed) {
		claims++;
		poison(run, true);
		free(run->object);
	}
	/* For each step at which it is held, or may be held later. */
	CHECK(sem_post(&run->go) == 0 && sem_post(&run->go) == 0);
	CHECK_EQ(pthread_join(os, NULL), 0);
	CHECK_EQ(run->rested, claimed);
	CHECK_EQ(run->left, !claimed);
	poison(run, false);
	if (!claimed) {
		leaves++;
		CHECK(!hf_thread_claim(&run->thread));
		/* A thread with the order to stop makes no further call. */
		CHECK(order == PAUSE_AND_RESUME || atomic_load_explicit(&run->begun, memory_order_relaxed) == begun);
		/* Calls are made whole or not at all. */
		CHECK_EQ(*run->object % 2, 1);
		CHECK(run->unwound || *run->object == 2 * CALLS + 1);
		free(run->object);
	}
	CHECK(sem_destroy(&run->held) == 0 && sem_destroy(&run->go) == 0);
	free(run);
	return reached;
}

/* The number of steps without interference. */
static unsigned count_steps(void)
{
	struct run run = {.holds = {UINT32_MAX, UINT32_MAX}};
	int object = 0;
	pthread_t os;
	hf_thread_init(&run.thread, NULL, 1);
	run.object = &object;
	CHECK(sem_init(&run.held, 0, 0) == 0 && sem_init(&run.go, 0, 0) == 0);
	CHECK_EQ(pthread_create(&os, NULL, host, &run), 0);
	CHECK_EQ(pthread_join(os, NULL), 0);
	CHECK(run.left && object == 2 * CALLS + 1);
	return run.at;
}

int main(void)
{
	hf_native_set_rest(rest);
	unsigned steps = count_steps();
	CHECK(steps > 5 * CALLS);
	for (int order = 0; order < ORDERS; order++) {
		for (unsigned first = 0; first < steps; first++) {
			unsigned second = first;
			while (once((enum order)order, first, second))
				second++;
		}
	}
	printf("%u steps; %u times claimed, %u times it left by itself\n", steps, claims, leaves);
	CHECK(claims > 0 && leaves > 0);
	return done();
}
