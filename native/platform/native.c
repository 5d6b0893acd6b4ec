/* native.c - the platform on Linux: futexes, vDSO clocks, getrandom. */
#define _GNU_SOURCE
#include "platform/native.h"

#include <holdfast/errno.h>

#include "platform/lock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

_Static_assert(sizeof(hf_word) == 4, "a futex is 4 bytes");
_Static_assert(alignof(max_align_t) >= 16, "hf_plat_malloc promises blocks aligned to 16");

_Thread_local const hf_word *hf_stop_word;

static long futex(hf_word *word, int operation, uint32_t value, const struct timespec *deadline)
{
	return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

int hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline)
{
	/* FUTEX_WAIT_BITSET rather than FUTEX_WAIT: its deadline is absolute, on CLOCK_MONOTONIC. */
	struct timespec when = {.tv_sec = (time_t)(deadline / SECOND), .tv_nsec = (long)(deadline % SECOND)};
	long result = futex(word, FUTEX_WAIT_BITSET, expected, deadline == HF_FOREVER ? NULL : &when);
	return result == -1 && errno == ETIMEDOUT ? -HF_ETIMEDOUT : 0;
}

int hf_plat_wait_for(hf_word *word, uint32_t expected, uint64_t nanoseconds)
{
	struct timespec time = {.tv_sec = (time_t)(nanoseconds / SECOND), .tv_nsec = (long)(nanoseconds % SECOND)};
	long result = futex(word, FUTEX_WAIT, expected, &time);
	return result == -1 && errno == ETIMEDOUT ? -HF_ETIMEDOUT : 0;
}

void hf_plat_wake(hf_word *word, uint32_t count)
{
	(void)futex(word, FUTEX_WAKE, count < INT_MAX ? count : INT_MAX, NULL);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;
	if (clock_gettime(clock, &now) != 0)
		hf_plat_panic(__FILE__, __LINE__, "clock_gettime failed");
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t hf_plat_monotonic(void)
{
	hf_lock_order_none("reading the clock");
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t hf_plat_realtime(void)
{
	hf_lock_order_none("reading the clock");
	return read_clock(CLOCK_REALTIME);
}

uint64_t hf_plat_clock_resolution(void)
{
	struct timespec step;
	if (clock_getres(CLOCK_MONOTONIC, &step) != 0)
		return 1;
	return (uint64_t)step.tv_sec * SECOND + (uint64_t)step.tv_nsec;
}

void hf_plat_entropy(void *buffer, size_t size)
{
	hf_lock_order_none("requesting entropy");
	for (size_t done = 0; done < size;) {
		ssize_t n = getrandom((char *)buffer + done, size - done, 0);
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			hf_plat_panic(__FILE__, __LINE__, "getrandom failed");
	}
}

uint32_t hf_plat_cores(void)
{
	static _Atomic uint32_t cores;
	uint32_t known = atomic_load_explicit(&cores, memory_order_relaxed);
	if (known == 0) {
		/* Returns the number of cores that this process may use (taskset, containers), if the system reports it, else of all cores. */
		cpu_set_t set;
		long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
		known = count > 0 ? (uint32_t)count : 1;
		atomic_store_explicit(&cores, known, memory_order_relaxed);
	}
	return known;
}

void hf_plat_yield(void)
{
	(void)sched_yield();
}

void *hf_plat_malloc(enum hf_zone zone, size_t size)
{
	(void)zone;
	return malloc(size);
}

void hf_plat_free(void *block)
{
	free(block);
}

static void (*ring_hook)(void *);
static void *ring_context;

void hf_native_set_ring(void (*ring)(void *), void *context)
{
	ring_hook = ring;
	ring_context = context;
}

void hf_plat_ring_coordinator(void)
{
	if (ring_hook)
		ring_hook(ring_context);
}

/* The target of hf_plat_unwind: the innermost hf_native_enter of this thread. */
static _Thread_local jmp_buf *host;

int hf_native_enter(void (*fn)(void *), void *context)
{
	jmp_buf here;
	jmp_buf *volatile outer = host;
	int unwound = 0;
	host = &here;
	if (setjmp(here) == 0)
		fn(context);
	else
		unwound = 1;
	host = outer;
	return unwound;
}

_Noreturn void hf_plat_unwind(void)
{
	if (!host)
		hf_plat_panic(__FILE__, __LINE__, "unwind outside of a guest");
	longjmp(*host, 1);
}

static void (*rest_hook)(void);

void hf_native_set_rest(void (*rest)(void))
{
	rest_hook = rest;
}

_Noreturn void hf_plat_rest(void)
{
	static hf_word never;
	if (rest_hook)
		rest_hook();
	for (;;)
		(void)hf_plat_wait(&never, 0, HF_FOREVER);
}

_Noreturn void hf_plat_panic(const char *file, int line, const char *message)
{
	fprintf(stderr, "holdfast: panic: %s:%d: %s\n", file, line, message);
	abort();
}
