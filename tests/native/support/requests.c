#include "support/requests.h"

#include "platform/alloc.h"

hf_word parcels_released;

static void release(struct hf_request *request)
{
	atomic_fetch_add(&parcels_released, 1);
	hf_free(HF_CONTAINER(request, struct parcel, request.base));
}

struct parcel *parcel_begin(uint32_t asks, bool releasable)
{
	struct parcel *parcel = hf_alloc_zeroed(sizeof *parcel);
	CHECK(parcel);
	hf_request_init(&parcel->request.base, releasable ? release : NULL);
	parcel->asks = asks;
	return parcel;
}

void parcel_end(struct parcel *parcel)
{
	CHECK_EQ(atomic_load(&parcel->request.base.state), HF_REQUEST_IDLE);
	hf_free(parcel);
}

struct parcel *parcel_of(struct hf_queued_request *request)
{
	return HF_CONTAINER(request, struct parcel, request);
}

static void ring(struct hf_waiter *waiter)
{
	atomic_fetch_add(&HF_CONTAINER(waiter, struct bell, waiter)->rings, 1);
}

void bell_init(struct bell *bell)
{
	hf_waiter_init(&bell->waiter, ring);
	atomic_init(&bell->rings, 0);
}
