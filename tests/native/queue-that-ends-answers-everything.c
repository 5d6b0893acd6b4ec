/* A queue of requests hands them out in order, each to one taker, up to its capacity. When its owner dies, closing it answers the queued requests
 * and refuses new ones, and ending it answers the taken ones, so no asker waits forever. */
#include "support/requests.h"

enum { LIMIT = 2 };

static struct hf_request_queue queue;
static struct bell asker, room, taker;

static void begin(void)
{
	hf_request_queue_init(&queue, LIMIT);
	bell_init(&asker);
	bell_init(&room);
	bell_init(&taker);
}

static struct parcel *add(uint32_t asks, bool releasable, int expected)
{
	struct parcel *parcel = parcel_begin(asks, releasable);
	CHECK_ERR(hf_request_queue_add(&queue, &parcel->request, &asker.waiter, &room.waiter), expected);
	return parcel;
}

static struct hf_queued_request *take(uint32_t asks)
{
	struct hf_queued_request *request;
	CHECK_OK(hf_request_queue_take(&queue, NULL, &request));
	CHECK_EQ(parcel_of(request)->asks, asks);
	return request;
}

static void check_answer(struct parcel *parcel, int result)
{
	CHECK(hf_request_queue_leave(&parcel->request));
	CHECK_EQ(parcel->request.base.result, result);
	parcel_end(parcel);
}

static void in_order_and_bounded(void)
{
	struct hf_queued_request *request;
	begin();
	CHECK_ERR(hf_request_queue_take(&queue, &taker.waiter, &request), -HF_EAGAIN);
	struct parcel *first = add(1, true, 0);
	CHECK_EQ(atomic_load(&taker.rings), 1);
	hf_request_queue_unlink(&queue, &taker.waiter);
	struct parcel *second = add(2, false, 0);
	parcel_end(add(3, true, -HF_EAGAIN));
	CHECK_EQ(atomic_load(&room.rings), 0);

	request = take(1);
	CHECK_EQ(atomic_load(&room.rings), 1);
	hf_request_queue_answer(request, 10);
	check_answer(first, 10);
	hf_request_queue_answer(take(2), 20);
	check_answer(second, 20);
	CHECK_EQ(atomic_load(&asker.rings), 2);
	hf_request_queue_unlink(&queue, &room.waiter);
	hf_request_queue_end(&queue, -HF_ESRCH);
}

/* A request without an asker is always accepted. */
static void without_an_asker(void)
{
	begin();
	struct parcel *first = add(1, true, 0), *second = add(2, true, 0), *closes = parcel_begin(3, true);
	CHECK_OK(hf_request_queue_add(&queue, &closes->request, NULL, NULL));
	hf_request_queue_answer(take(1), 1);
	check_answer(first, 1);
	hf_request_queue_answer(take(2), 1);
	check_answer(second, 1);
	hf_request_queue_answer(take(3), 1);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
	hf_request_queue_end(&queue, -HF_ESRCH);
}

/* An abandoned request frees its place; its asker releases it, because no other thread has seen it. */
static void left_in_the_queue(void)
{
	begin();
	struct parcel *first = add(1, true, 0), *second = add(2, false, 0);
	parcel_end(add(3, true, -HF_EAGAIN));
	CHECK(!hf_request_queue_leave(&first->request));
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
	CHECK_EQ(atomic_load(&room.rings), 1);
	CHECK(!hf_request_queue_leave(&second->request));
	CHECK_EQ(atomic_load(&parcels_released), 0);
	parcel_end(second);
	CHECK_EQ(queue.count, 0);
	hf_request_queue_unlink(&queue, &room.waiter);
	hf_request_queue_end(&queue, -HF_ESRCH);
}

static void owner_dies(void)
{
	struct hf_queued_request *request;
	begin();
	struct parcel *taken = add(1, true, 0), *left = add(2, true, 0);
	(void)take(1);
	(void)take(2);
	CHECK(!hf_request_queue_leave(&left->request));
	CHECK_EQ(atomic_load(&parcels_released), 0);
	CHECK_ERR(hf_request_queue_take(&queue, &taker.waiter, &request), -HF_EAGAIN);
	struct parcel *queued = add(3, true, 0), *other = add(4, false, 0);
	parcel_end(add(5, true, -HF_EAGAIN));
	CHECK_EQ(atomic_load(&asker.rings), 0);

	hf_request_queue_close(&queue, -HF_ESRCH);
	CHECK_EQ(atomic_load(&asker.rings), 2);
	CHECK(atomic_load(&taker.rings) > 0 && atomic_load(&room.rings) > 0);
	check_answer(queued, -HF_ESRCH);
	check_answer(other, -HF_ESRCH);
	hf_request_queue_close(&queue, -HF_EPIPE);
	parcel_end(add(6, true, -HF_ESRCH));
	CHECK_ERR(hf_request_queue_take(&queue, &taker.waiter, &request), -HF_ESRCH);
	CHECK(!hf_request_collect(&taken->request.base));

	hf_request_queue_unlink(&queue, &taker.waiter);
	hf_request_queue_unlink(&queue, &room.waiter);
	hf_request_queue_end(&queue, -HF_EPIPE);
	check_answer(taken, -HF_EPIPE);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
}

/* ---- threads ---- */

static struct hf_thread *waits;
static hf_word there;
static int expected;
static bool asks;

static void wait_in_vain(struct hf_thread *thread)
{
	struct hf_queued_request *request;
	if (!asks) {
		CHECK_ERR(hf_request_queue_next(&queue, thread, HF_FOREVER, &request), expected);
		return;
	}
	struct parcel *parcel = parcel_begin(7, true);
	int result = hf_request_queue_ask(&queue, &parcel->request, thread, HF_FOREVER);
	/* A refused or abandoned request is gone. */
	CHECK_ERR(result, expected);
}

static void waiter_and_other(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		struct hf_thread *thread = waits = thread_begin();
		atomic_store(&there, 1);
		wait_in_vain(thread);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	until_parked(waits);
	if (expected == -HF_EINTR)
		hf_thread_stop(waits);
	else
		hf_request_queue_close(&queue, expected);
}

static void waits_until(bool is_asker, int result)
{
	begin();
	/* The queue is full, so the asker waits. */
	if (is_asker)
		queue.limit = 0;
	asks = is_asker;
	expected = result;
	atomic_store(&there, 0);
	in_threads(2, waiter_and_other, NULL);
	thread_end(waits);
	CHECK(hf_list_empty(&queue.takers.waiters) && hf_list_empty(&queue.for_room.waiters));
	CHECK_EQ(atomic_exchange(&parcels_released, 0), is_asker);
	hf_request_queue_end(&queue, -HF_ESRCH);
}

static void time_is_up(void)
{
	struct hf_thread *thread = thread_begin();
	struct hf_queued_request *request;
	begin();
	CHECK_ERR(hf_request_queue_next(&queue, thread, hf_plat_monotonic() + MILLISECOND, &request), -HF_ETIMEDOUT);
	CHECK_ERR(hf_request_queue_ask(&queue, &parcel_begin(1, true)->request, thread, hf_plat_monotonic() + MILLISECOND),
	          -HF_ETIMEDOUT);
	CHECK_EQ(queue.count, 0);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
	thread_end(thread);
}

int main(void)
{
	in_order_and_bounded();
	without_an_asker();
	left_in_the_queue();
	owner_dies();
	waits_until(false, -HF_EINTR);
	waits_until(false, -HF_ESRCH);
	waits_until(true, -HF_EINTR);
	waits_until(true, -HF_ESRCH);
	time_is_up();
	return done();
}
