/* A request is answered once, and then belongs to its asker again. If the asker abandons it (because it must stop or its deadline has passed), the
 * answerer releases it, at whatever stage, and no other thread does. */
#include "support/requests.h"

static struct bell bell;

static struct hf_request *ask(bool releasable)
{
	struct hf_request *request = &parcel_begin(1, releasable)->request.base;
	bell_init(&bell);
	CHECK(!hf_request_is_asked(request));
	hf_request_ask(request, &bell.waiter);
	CHECK(hf_request_is_asked(request) && !hf_request_collect(request));
	return request;
}

static void end(struct hf_request *request)
{
	parcel_end(HF_CONTAINER(request, struct parcel, request.base));
}

static void answered(bool releasable)
{
	struct hf_request *request = ask(releasable);
	for (int times = 0; times < 2; times++) {
		CHECK(hf_request_take(request));
		CHECK(!hf_request_take(request) && !hf_request_collect(request));
		CHECK_EQ(atomic_load(&bell.rings), times);
		hf_request_answer(request, 5 + times);
		CHECK_EQ(atomic_load(&bell.rings), times + 1);
		/* Collected, or found to be answered when abandoned. */
		CHECK(times == 0 ? hf_request_collect(request) : hf_request_leave(request));
		CHECK_EQ(request->result, 5 + times);
		CHECK(!hf_request_collect(request) && !hf_request_take(request));
		if (times == 0)
			hf_request_ask(request, &bell.waiter);
	}
	end(request);
	CHECK_EQ(atomic_load(&parcels_released), 0);
}

static void left_before_it_is_taken(void)
{
	struct hf_request *request = ask(true);
	CHECK(!hf_request_leave(request));
	CHECK_EQ(atomic_load(&parcels_released), 0);
	CHECK(!hf_request_take(request));
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);

	request = ask(false);
	CHECK(!hf_request_leave(request));
	CHECK(!hf_request_take(request));
	CHECK_EQ(atomic_load(&bell.rings), 0);
	end(request);
}

static void left_once_it_is_taken(void)
{
	struct hf_request *request = ask(true);
	CHECK(hf_request_take(request));
	CHECK(!hf_request_leave(request));
	CHECK_EQ(atomic_load(&parcels_released), 0);
	hf_request_answer(request, 5);
	CHECK_EQ(atomic_load(&bell.rings), 0);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
}

static void asked_without_a_thread(void)
{
	struct hf_request *request = &parcel_begin(1, true)->request.base;
	hf_request_ask(request, NULL);
	CHECK(hf_request_take(request));
	hf_request_answer(request, 5);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
}

/* A thread whose deadline has passed, or that must stop, abandons a request that is taken. */
static void left_by_a_thread(int reason)
{
	struct hf_thread *thread = thread_begin();
	struct hf_thread_waiter waiter;
	struct hf_request *request = ask(true);
	hf_thread_waiter_init(&waiter, thread);
	request->asker = &waiter.waiter;
	CHECK(hf_request_take(request));
	if (reason == -HF_EINTR)
		hf_thread_stop(thread);
	uint64_t deadline = reason == -HF_EINTR ? HF_FOREVER : hf_plat_monotonic() + 2 * MILLISECOND;
	CHECK_ERR(hf_request_wait(request, thread, deadline), reason);
	hf_request_answer(request, 5);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
	thread_end(thread);
}

/* The coordinator asks: the answer arrives as its work. */
static struct hf_request *asked_by_coordinator;
static bool collected;

static void run(struct hf_work *work)
{
	(void)work;
	collected = hf_request_collect(asked_by_coordinator);
}

static void asked_by_the_coordinator(void)
{
	struct hf_work_waiter waiter;
	hf_work_waiter_init(&waiter, run);
	asked_by_coordinator = &parcel_begin(1, true)->request.base;
	hf_request_ask(asked_by_coordinator, &waiter.waiter);
	CHECK_EQ(hf_work_drain(), 0);
	CHECK(hf_request_take(asked_by_coordinator));
	hf_request_answer(asked_by_coordinator, 5);
	CHECK_EQ(hf_work_drain(), 1);
	CHECK(collected);
	CHECK_EQ(asked_by_coordinator->result, 5);
	end(asked_by_coordinator);
}

int main(void)
{
	answered(false);
	answered(true);
	left_before_it_is_taken();
	left_once_it_is_taken();
	asked_without_a_thread();
	left_by_a_thread(-HF_ETIMEDOUT);
	left_by_a_thread(-HF_EINTR);
	asked_by_the_coordinator();
	return done();
}
