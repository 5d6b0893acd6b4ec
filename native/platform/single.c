/* single.c - how threads wait and wake each other where all of them share one thread of the engine (kernel-single.wasm): the engine suspends the stack
 * of a thread that waits (JSPI), and worker/scheduler.ts resumes it.
 *
 * Only one thread runs at a time, and it changes only where this file suspends it, with no lock held. So locks are always free, plain variables
 * suffice, and nothing spins. */
#include <holdfast/errno.h>
#include <holdfast/imports.h>

#include "platform/lock.h"
#include "platform/wasm.h"

#define SLICE_MS 4.0
/* A program that does nothing but make system calls never exhausts its fuel, so they count, too. Reading the clock takes about 0.1 us. */
#define CALLS_BETWEEN_LOOKS 256

uint32_t hf__calls_until_look = CALLS_BETWEEN_LOOKS;
static double slice_began;

static void begin_slice(void)
{
	slice_began = js_now();
	hf__calls_until_look = CALLS_BETWEEN_LOOKS;
}

bool hf__slice_is_over(void)
{
	hf__calls_until_look = CALLS_BETWEEN_LOOKS;
	return js_now() - slice_began >= SLICE_MS;
}

void hf_plat_begin_slice(void)
{
	begin_slice();
}

bool hf_plat_may_wait(void)
{
	return js_may_wait() != 0;
}

int hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline)
{
	double milliseconds = -1;
	if (deadline != HF_FOREVER) {
		uint64_t now = hf_plat_monotonic();
		if (now >= deadline)
			return -HF_ETIMEDOUT;
		milliseconds = (double)(deadline - now) / 1e6;
	}
	if (atomic_load(word) != expected)
		return 0;
	bool woken = js_wait(word, milliseconds);
	begin_slice();
	return !woken && hf_plat_monotonic() >= deadline ? -HF_ETIMEDOUT : 0;
}

/* Only lock.c waits like this: for a lock, of which there is never one that another thread holds. */
int hf_plat_wait_for(hf_word *word, uint32_t expected, uint64_t nanoseconds)
{
	(void)word;
	(void)expected;
	(void)nanoseconds;
	hf_plat_panic(__FILE_NAME__, __LINE__, "a lock is held");
}

void hf_plat_wake(hf_word *word, uint32_t count)
{
	js_wake(word, count);
}

void hf_plat_yield(void)
{
	js_yield();
	begin_slice();
}

void hf_plat_ring_coordinator(void)
{
	js_ring();
}

/* There is no worker that could be terminated, so a claimed thread's stack is unwound. */
void hf_plat_rest(void)
{
	hf_plat_unwind();
}

/* Rings always come as messages. */
hf_word *hf__wasm_boot_coordinator(uint32_t core_count, bool message_doorbell)
{
	static hf_word doorbell;
	(void)message_doorbell;
	hf__wasm_boot_cores(core_count);
	return &doorbell;
}
