/* budget.h - a limit shared by many threads: on the bytes or nodes of a file system. Any thread; never blocks. */
#ifndef HF_FS_BUDGET_H
#define HF_FS_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hf_budget {
	_Atomic uint64_t used;
	uint64_t most; /* immutable after init */
};

/* `most` 0 means no limit. */
static inline void hf_budget_init(struct hf_budget *budget, uint64_t most)
{
	atomic_init(&budget->used, 0);
	budget->most = most ? most : UINT64_MAX;
}

/* Takes the amount. Returns false, and takes nothing, when this would exceed the limit. */
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

/* Takes as much of the amount as the limit allows, and returns how much. */
static inline uint64_t hf_budget_take_some(struct hf_budget *budget, uint64_t amount)
{
	uint64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed), part;
	do {
		part = amount < budget->most - used ? amount : budget->most - used;
	} while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + part, memory_order_relaxed,
	                                                memory_order_relaxed));
	return part;
}

static inline void hf_budget_give_back(struct hf_budget *budget, uint64_t amount)
{
	atomic_fetch_sub_explicit(&budget->used, amount, memory_order_relaxed);
}

/* Gives back the amount, at most what is in use. */
static inline void hf_budget_give_back_at_most(struct hf_budget *budget, uint64_t amount)
{
	uint64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used > amount ? used - amount : 0,
	                                              memory_order_relaxed, memory_order_relaxed))
		;
}

static inline uint64_t hf_budget_used(struct hf_budget *budget)
{
	return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

/* The account that this thread's bytes are charged to, or NULL. Bytes that the thread adds to any file system are drawn from it as well; bytes that
 * it removes are given back, up to the amount drawn (they may have belonged to another process). Set by the guest's host. */
extern _Thread_local struct hf_budget *hf_account;

static inline bool hf_bytes_take(struct hf_budget *budget, uint64_t amount)
{
	if (hf_account && !hf_budget_take(hf_account, amount))
		return false;
	if (hf_budget_take(budget, amount))
		return true;
	/* Another thread may have given it back in the meantime, when it removed bytes that were never drawn. */
	if (hf_account)
		hf_budget_give_back_at_most(hf_account, amount);
	return false;
}

static inline void hf_bytes_give_back(struct hf_budget *budget, uint64_t amount)
{
	if (hf_account)
		hf_budget_give_back_at_most(hf_account, amount);
	hf_budget_give_back(budget, amount);
}

#endif
