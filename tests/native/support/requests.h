/* requests.h - requests for tests. Each is a block of kernel memory, so that done() detects a lost one, and AddressSanitizer detects a use after its release. */
#ifndef HF_TEST_REQUESTS_H
#define HF_TEST_REQUESTS_H

#include "kernel/request_queue.h"
#include "support/threads.h"

struct parcel {
	struct hf_queued_request request;
	uint32_t asks, results;
};

/* How many requests were released. */
extern hf_word parcels_released;

/* `releasable`: the asker may abandon it, and the answerer then releases it. */
struct parcel *parcel_begin(uint32_t asks, bool releasable);
/* Called by the asker once it owns the request again. */
void parcel_end(struct parcel *parcel);
struct parcel *parcel_of(struct hf_queued_request *request);

/* A waiter that counts its wake-ups. */
struct bell {
	struct hf_waiter waiter;
	hf_word rings;
};
void bell_init(struct bell *bell);

#endif
