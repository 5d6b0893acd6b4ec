/* A lock that is taken while one of the same or a later rank is held, one released by a thread that does not hold it, a wait or a read of the
 * clock with one held: each ends the program at once and names the locks, in builds that check this. Locks taken in order, and released in any
 * order, cause no report. */
#include "support/last_words.h"
#include "support/threads.h"

#include "platform/lock.h"

#include <string.h>

static struct hf_lock process, tree, node, other_node;

static void in_order(void) HF_NO_TSA
{
	hf_lock(&process);
	hf_lock(&tree);
	hf_lock(&node);
	hf_unlock(&tree);
	hf_unlock(&process);
	hf_unlock(&node);
	hf_lock_order_none("in_order");
}

static void earlier_under_later(void) HF_NO_TSA
{
	hf_lock(&node);
	hf_lock(&tree);
}

static void two_of_a_rank(void) HF_NO_TSA
{
	hf_lock(&node);
	hf_lock(&other_node);
}

static void earlier_after_one_was_let_go(void) HF_NO_TSA
{
	hf_lock(&process);
	hf_lock(&node);
	hf_unlock(&process);
	hf_lock(&tree);
}

static void not_held(void) HF_NO_TSA
{
	hf_lock(&process);
	hf_unlock(&node);
}

static void without_a_rank(void) HF_NO_TSA
{
	static struct hf_lock never_initialised;
	hf_lock(&never_initialised);
}

static void sleeps_with_one_held(void) HF_NO_TSA
{
	struct hf_thread *thread = thread_begin();
	hf_lock(&process);
	(void)hf_thread_sleep(thread, HF_FOREVER);
}

static void looks_at_the_clock_with_one_held(void) HF_NO_TSA
{
	hf_lock(&process);
	(void)hf_plat_monotonic();
}

static void leaves_with_one_held(void) HF_NO_TSA
{
	struct hf_thread *thread = thread_begin();
	hf_door_enter(thread);
	hf_lock(&process);
	hf_door_leave(thread);
}

static void check_says(void (*scenario)(void), const char *what)
{
	const char *words = last_words(scenario);
	CHECK(words);
	CHECK(strstr(words, what));
}

int main(void)
{
	hf_lock_init(&process, HF_RANK_PROCESS);
	hf_lock_init(&tree, HF_RANK_TREE);
	hf_lock_init(&node, HF_RANK_NODE);
	hf_lock_init(&other_node, HF_RANK_NODE);
	CHECK(!last_words(in_order));
#ifdef HF_LOCK_ORDER
	check_says(earlier_under_later, "hf_memfs.tree is taken while hf_memnode.lock is held");
	check_says(two_of_a_rank, "hf_memnode.lock is taken while hf_memnode.lock is held");
	check_says(earlier_after_one_was_let_go, "hf_memfs.tree is taken while hf_memnode.lock is held");
	check_says(not_held, "hf_memnode.lock is released by a thread that does not hold it");
	check_says(without_a_rank, "without a rank");
	check_says(sleeps_with_one_held, "a wait with hf_process.lock held");
	check_says(looks_at_the_clock_with_one_held, "reading the clock with hf_process.lock held");
	check_says(leaves_with_one_held, "leaving the kernel with hf_process.lock held");
#endif
	return done();
}
