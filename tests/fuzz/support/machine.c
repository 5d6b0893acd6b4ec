#include "machine.h"

#include <holdfast/errno.h>

#include <string.h>

int __wrap_hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline);
uint64_t __wrap_hf_plat_monotonic(void);
uint64_t __wrap_hf_plat_realtime(void);
void __wrap_hf_plat_entropy(void *buffer, size_t size);
uint32_t __wrap_hf_plat_cores(void);
void __wrap_hf_plat_yield(void);

static const struct machine *machine;
static uint64_t now;

void machine_begin(const struct machine *with)
{
	machine = with;
	now = UINT64_C(1000000000);
}

void machine_advance(uint64_t nanoseconds)
{
	now = nanoseconds > UINT64_MAX / 2 - now ? UINT64_MAX / 2 : now + nanoseconds;
}

/* Each look at the clock takes time, so a spinning thread eventually sees its condition. */
uint64_t __wrap_hf_plat_monotonic(void)
{
	return now += 1000;
}

uint64_t __wrap_hf_plat_realtime(void)
{
	return UINT64_C(1700000000000000000) + (now += 1000);
}

void __wrap_hf_plat_entropy(void *buffer, size_t size)
{
	memset(buffer, 0x5a, size);
}

uint32_t __wrap_hf_plat_cores(void)
{
	return 1;
}

void __wrap_hf_plat_yield(void)
{
	if (machine)
		machine->yielded();
}

int __wrap_hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline)
{
	if (atomic_load(word) != expected)
		return 0;
	if (!machine->meanwhile(word)) {
		if (deadline == HF_FOREVER)
			machine->stuck();
		else if (now < deadline)
			now = deadline;
	}
	return now >= deadline ? -HF_ETIMEDOUT : 0;
}
