/* A wait queue wakes the waiters that are linked to it, each time, and no others. */
#include "kernel/waitq.h"

#include "support/check.h"

struct counter {
	struct hf_waiter waiter;
	int woken;
};

static void count(struct hf_waiter *waiter)
{
	HF_CONTAINER(waiter, struct counter, waiter)->woken++;
}

static void check(const struct counter *counters, int a, int b, int c)
{
	CHECK_EQ(counters[0].woken, a);
	CHECK_EQ(counters[1].woken, b);
	CHECK_EQ(counters[2].woken, c);
}

int main(void)
{
	struct hf_waitq queue;
	struct counter counters[3] = {0};
	hf_waitq_init(&queue);
	hf_waitq_wake(&queue);
	for (int i = 0; i < 3; i++) {
		hf_waiter_init(&counters[i].waiter, count);
		hf_waitq_remove(&counters[i].waiter); /* not linked: nothing happens */
		hf_waitq_add(&queue, &counters[i].waiter);
	}
	hf_waitq_wake(&queue);
	hf_waitq_wake(&queue);
	check(counters, 2, 2, 2);
	hf_waitq_remove(&counters[1].waiter);
	hf_waitq_remove(&counters[1].waiter);
	hf_waitq_wake(&queue);
	check(counters, 3, 2, 3);
	hf_waitq_remove(&counters[0].waiter);
	hf_waitq_remove(&counters[2].waiter);
	CHECK(hf_list_empty(&queue.waiters));
	hf_waitq_wake(&queue);
	check(counters, 3, 2, 3);
	return done();
}
