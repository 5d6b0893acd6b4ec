/* budget.h - a limit that many threads draw on: bytes or nodes of a file system. Any thread; never blocks. */
#ifndef HF_FS_BUDGET_H
#define HF_FS_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hf_budget {
	_Atomic uint64_t used;
	uint64_t most; /* immutable after init */
};

/* `most` 0 is no limit. */
static inline void hf_budget_init(struct hf_budget *budget, uint64_t most)
{
	atomic_init(&budget->used, 0);
	budget->most = most ? most : UINT64_MAX;
}

/* False, and nothing taken, when it would go beyond the limit. */
static inline bool hf_budget_take(struct hf_budget *budget, uint64_t amount)
{
	uint64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
	do {
		if (amount > budget->most - used)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + amount, memory_order_relaxed,
	                                                memory_order_relaxed));
	return true;
}

static inline void hf_budget_give_back(struct hf_budget *budget, uint64_t amount)
{
	atomic_fetch_sub_explicit(&budget->used, amount, memory_order_relaxed);
}

static inline uint64_t hf_budget_used(struct hf_budget *budget)
{
	return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

#endif
