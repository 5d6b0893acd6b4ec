/* work.c - the coordinator's queue of work. */
#include "kernel/work.h"

static struct hf_lock queue_lock = HF_LOCK_INIT(HF_RANK_WORK);
static struct hf_link queue HF_GUARDED_BY(queue_lock) = {&queue, &queue};
static uint32_t turns; /* the coordinator's */

void hf_work_init(struct hf_work *work, void (*run)(struct hf_work *work))
{
	hf_list_init(&work->link);
	atomic_init(&work->queued, false);
	work->run = run;
}

static void post_work(struct hf_waiter *waiter)
{
	(void)hf_work_post(&HF_CONTAINER(waiter, struct hf_work_waiter, waiter)->work);
}

void hf_work_waiter_init(struct hf_work_waiter *waiter, void (*run)(struct hf_work *work))
{
	hf_waiter_init(&waiter->waiter, post_work);
	hf_work_init(&waiter->work, run);
}

bool hf_work_post(struct hf_work *work)
{
	/* The usual case for a busy stream: the coordinator has already been notified. The exchange orders the caller's earlier changes before the
	 * coordinator's check, which comes after it has cleared the flag. */
	if (atomic_exchange(&work->queued, true))
		return false;
	hf_lock(&queue_lock);
	bool first = hf_list_empty(&queue);
	hf_list_append(&queue, &work->link);
	hf_unlock(&queue_lock);
	if (first)
		hf_plat_ring_coordinator();
	return true;
}

bool hf_work_cancel(struct hf_work *work)
{
	hf_lock(&queue_lock);
	bool was_queued = atomic_load(&work->queued);
	hf_list_remove(&work->link);
	atomic_store(&work->queued, false);
	hf_unlock(&queue_lock);
	return was_queued;
}

uint32_t hf_work_turn(void)
{
	return turns;
}

uint32_t hf_work_drain(void)
{
	struct hf_link batch;
	turns++;
	hf_lock(&queue_lock);
	hf_list_init(&batch);
	if (!hf_list_empty(&queue)) {
		batch = queue;
		batch.next->prev = batch.prev->next = &batch;
		hf_list_init(&queue);
	}
	hf_unlock(&queue_lock);

	uint32_t count = 0;
	for (;;) {
		/* Taken one at a time, under the lock, so that work->run may cancel (and free) any other piece of the batch. */
		hf_lock(&queue_lock);
		if (hf_list_empty(&batch)) {
			hf_unlock(&queue_lock);
			return count;
		}
		struct hf_work *work = HF_CONTAINER(batch.next, struct hf_work, link);
		hf_list_remove(&work->link);
		atomic_store(&work->queued, false);
		hf_unlock(&queue_lock);
		work->run(work);
		count++;
	}
}
