/* requests.h - requests for tests: each in a block of kernel memory, so that a lost one fails done(), and one that is used after its release fails
 * under AddressSanitizer. */
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

/* `releasable`: its asker may abandon it to its answerer. */
struct parcel *parcel_begin(uint32_t asks, bool releasable);
/* By the asker, to whom it belongs again. */
void parcel_end(struct parcel *parcel);
struct parcel *parcel_of(struct hf_queued_request *request);

/* A waiter that counts its wake-ups. */
struct bell {
	struct hf_waiter waiter;
	hf_word rings;
};
void bell_init(struct bell *bell);

#endif
