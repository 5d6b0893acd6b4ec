/* Threads allocate and free beneath one limit: no thread exceeds it, and nothing is lost. */
#include "platform/alloc.h"

#include "support/check.h"

#include <string.h>

#define THREADS 4
#define KEPT 64
#define LIMIT 100000

static struct budget budget = {.milliseconds = 700};
static _Atomic uint32_t refusals;

static void hammer(void *context, unsigned number)
{
	(void)context;
	char *kept[KEPT] = {NULL};
	size_t sizes[KEPT] = {0};
	uint64_t seed = number + 1;
	while (time_left(&budget)) {
		uint32_t i = random_below(&seed, KEPT);
		for (size_t j = 0; j < sizes[i]; j++)
			CHECK_EQ(kept[i][j], (char)i);
		hf_free(kept[i]);
		sizes[i] = random_below(&seed, 3000);
		kept[i] = hf_alloc(sizes[i]);
		CHECK(hf_alloc_bytes() <= LIMIT + THREADS * 4096); /* refused allocations are briefly included */
		if (!kept[i]) {
			sizes[i] = 0;
			atomic_fetch_add(&refusals, 1);
			continue;
		}
		memset(kept[i], (int)i, sizes[i]);
	}
	for (int i = 0; i < KEPT; i++)
		hf_free(kept[i]);
}

int main(void)
{
	hf_alloc_set_limit(LIMIT);
	in_threads(THREADS, hammer, NULL);
	CHECK(refusals > 0);
	return done();
}
