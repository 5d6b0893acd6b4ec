/* lock_order.c - checks the order of ranks whenever a lock is taken, which also finds violations that do not deadlock in any test. Compiled if
 * HF_LOCK_ORDER is defined: in the native builds with sanitizers. */
#include "platform/lock.h"

#ifdef HF_LOCK_ORDER

#include <stdio.h>

static const char *const names[HF_RANKS] = {
	[HF_RANK_PROCESS] = "hf_process.lock", [HF_RANK_FDTABLE] = "hf_fdtable.lock",
	[HF_RANK_FILE] = "hf_vnode_file.lock", [HF_RANK_TREE] = "hf_memfs.tree",
	[HF_RANK_NODE] = "hf_memnode.lock",    [HF_RANK_PIPE] = "hf_pipe.lock",
	[HF_RANK_WORK] = "the work queue's",   [HF_RANK_LEAF] = "a leaf",
};

/* A thread can hold at most one lock of each rank. */
static _Thread_local const struct hf_lock *held[HF_RANKS];
static _Thread_local int holds;

static const char *name_of(const struct hf_lock *lock)
{
	if (lock->rank < HF_RANKS && names[lock->rank])
		return names[lock->rank];
	hf_plat_panic(__FILE__, __LINE__, "a lock without a rank: hf_lock_init was not called");
}

static _Noreturn void panic(const char *format, const char *a, const char *b)
{
	char message[128];
	snprintf(message, sizeof message, format, a, b);
	hf_plat_panic(__FILE__, __LINE__, message);
}

void hf__lock_order_take(const struct hf_lock *lock)
{
	const char *name = name_of(lock);
	if (holds > 0 && held[holds - 1]->rank >= lock->rank)
		panic("lock order: %s is taken while %s is held", name, name_of(held[holds - 1]));
	held[holds++] = lock;
}

void hf__lock_order_drop(const struct hf_lock *lock)
{
	int at = holds;
	while (at > 0 && held[at - 1] != lock)
		at--;
	if (at == 0)
		panic("lock order: %s is released by a thread that does not hold it%s", name_of(lock), "");
	/* Locks are not always released in reverse order. */
	for (holds--; at <= holds; at++)
		held[at - 1] = held[at];
}

void hf_lock_order_none(const char *where)
{
	if (holds > 0)
		panic("lock order: %s with %s held", where, name_of(held[holds - 1]));
}

bool hf_lock_order_any(void)
{
	return holds > 0;
}

#else

typedef int hf__lock_order_is_not_checked; /* C has no empty files */

#endif
