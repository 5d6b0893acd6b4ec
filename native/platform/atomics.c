/* atomics.c - how threads wait and wake each other where each has a thread of the engine: wasm's atomic instructions. */
#include <holdfast/errno.h>
#include <holdfast/imports.h>

#include "platform/wasm.h"

static _Atomic bool ring_by_message;
static hf_word doorbell;

int hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline)
{
	int64_t timeout = -1;
	if (deadline != HF_FOREVER) {
		uint64_t now = hf_plat_monotonic();
		if (now >= deadline)
			return -HF_ETIMEDOUT;
		timeout = deadline - now > INT64_MAX ? -1 : (int64_t)(deadline - now);
	}
	int how = __builtin_wasm_memory_atomic_wait32((int32_t *)(void *)word, (int32_t)expected, timeout);
	return how == 2 && hf_plat_monotonic() >= deadline ? -HF_ETIMEDOUT : 0;
}

int hf_plat_wait_for(hf_word *word, uint32_t expected, uint64_t nanoseconds)
{
	int how = __builtin_wasm_memory_atomic_wait32((int32_t *)(void *)word, (int32_t)expected, (int64_t)nanoseconds);
	return how == 2 ? -HF_ETIMEDOUT : 0;
}

void hf_plat_wake(hf_word *word, uint32_t count)
{
	__builtin_wasm_memory_atomic_notify((int32_t *)(void *)word, count);
}

void hf_plat_yield(void)
{
	/* wasm has no yield; a futex wait that times out at once enters the engine's scheduler and returns. */
	static hf_word never;
	__builtin_wasm_memory_atomic_wait32((int32_t *)(void *)&never, 0, 1);
}

void hf_plat_ring_coordinator(void)
{
	if (atomic_load_explicit(&ring_by_message, memory_order_relaxed)) {
		js_ring();
	} else {
		atomic_store(&doorbell, 1);
		hf_plat_wake(&doorbell, 1);
	}
}

void hf_plat_rest(void)
{
	static hf_word never;
	for (;;)
		(void)hf_plat_wait(&never, 0, HF_FOREVER);
}

hf_word *hf__wasm_boot_coordinator(uint32_t core_count, bool message_doorbell)
{
	hf__wasm_boot_cores(core_count);
	atomic_store(&ring_by_message, message_doorbell);
	return &doorbell;
}
