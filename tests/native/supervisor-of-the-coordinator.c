/* The supervisor as the coordinator's TypeScript calls it: milliseconds, a table that grows, memory that runs out. */
#include <holdfast/supervisor.h>
#include <math.h>
#include <stdlib.h>

#include "platform/alloc.h"
#include "platform/platform.h"
#include "support/check.h"

/* Includes the module's source, with the real clock and an allocator that can fail. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunknown-attributes"
#pragma clang diagnostic ignored "-Wmissing-prototypes"
#else
#pragma GCC diagnostic ignored "-Wattributes"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#endif
#define malloc(size) hf_alloc(size)
#define calloc(count, size) hf_alloc_zeroed((count) * (size))
#define realloc(block, size) hf_realloc(block, size)
#define free(block) hf_free(block)
#include "../../native/supervisor/wasm.c"

double js_now(void)
{
	return (double)hf_plat_monotonic() / 1e6;
}

uint32_t js_random(void)
{
	return (uint32_t)hf_plat_monotonic() * 2654435761u;
}

static union {
	struct hf_sup_step step;
	uint32_t words[10];
	double numbers[5]; /* 3: the delay, 4: the restarts */
} out;

static void next(struct hf_supervisor *sup, uint32_t kind, uint32_t id)
{
	CHECK_EQ(sup_next(sup, &out.step), kind);
	CHECK_EQ(out.words[0], id);
}

static void check_numbers(void)
{
	struct hf_supervisor *sup = sup_create(HF_SUP_ONE_FOR_ONE, 1, -1, 1e7, 1e7, 1, 1);
	CHECK(sup->settings.within == HF_SUP_FOREVER);
	CHECK_OK(sup_add(sup, 7, HF_SUP_PERMANENT, 100));
	CHECK_OK(sup_add(sup, 8, HF_SUP_TEMPORARY, INFINITY));
	CHECK_OK(sup_add(sup, 9, HF_SUP_TRANSIENT, -1));
	CHECK_OK(sup_add(sup, 10, HF_SUP_TRANSIENT, 0));
	for (uint32_t id = 7; id <= 10; id++) {
		next(sup, HF_SUP_DO_START, id);
		CHECK_OK(sup_started(sup, id, out.words[1], id == 9));
		next(sup, HF_SUP_TELL_STARTED, id);
	}
	CHECK_EQ(sup_next(sup, &out.step), 0);
	CHECK(sup_delay(sup) == -1);
	CHECK_OK(sup_ended(sup, 7, 1, 2, 134));
	next(sup, HF_SUP_TELL_ENDED, 7);
	CHECK(out.words[3] == 2 && out.words[4] == 134 && out.words[2] == 0);
	next(sup, HF_SUP_TELL_RESTARTING, 7);
	CHECK(out.numbers[3] >= 0 && out.numbers[3] < 1e7); /* the whole delay is random */
	CHECK(out.numbers[4] == 1);
	CHECK_ERR(sup_ended(sup, 7, 1, 2, 134), -HF_ESRCH);
	CHECK_OK(sup_stop(sup, 7));
	next(sup, HF_SUP_TELL_STOPPED, 7);
	sup_close(sup, 0);
	next(sup, HF_SUP_DO_KILL, 10);
	CHECK_OK(sup_ended(sup, 10, 4, 3, 137));
	next(sup, HF_SUP_TELL_STOPPED, 10);
	next(sup, HF_SUP_DO_ASK, 9); /* a supervisor has unlimited time to stop */
	CHECK(out.numbers[3] == -1);
	sup_close(sup, 1);
	next(sup, HF_SUP_DO_KILL, 9);
	CHECK_OK(sup_ended(sup, 9, 3, 3, 137));
	next(sup, HF_SUP_TELL_STOPPED, 9);
	next(sup, HF_SUP_DO_KILL, 8);
	CHECK_OK(sup_ended(sup, 8, 2, 3, 137));
	next(sup, HF_SUP_TELL_STOPPED, 8);
	CHECK_EQ(out.words[2], 1);
	next(sup, HF_SUP_TELL_FINISHED, 0);
	CHECK_ERR(sup_restart(sup, 7), -HF_ECANCELED);
	sup_free(sup);

	/* A given time is respected; wrong settings are refused. */
	sup = sup_create(HF_SUP_ONE_FOR_ALL, 1, 5000, 1e6, 1e6, 1, 0);
	CHECK_OK(sup_add(sup, 1, HF_SUP_PERMANENT, 100));
	next(sup, HF_SUP_DO_START, 1);
	CHECK_OK(sup_ended(sup, 1, 1, HF_SUP_END_START_FAILED, 0));
	next(sup, HF_SUP_TELL_ENDED, 1);
	next(sup, HF_SUP_TELL_RESTARTING, 1);
	CHECK(sup_delay(sup) > 9e5 && sup_delay(sup) <= 1e6);
	sup_free(sup);
	CHECK(!sup_create(3, 1, 5000, 0, 0, 1, 0));
}

static void check_memory(void)
{
	struct hf_supervisor *sup = NULL;
	uint32_t failed = 0;
	for (; !sup; failed++) {
		hf_alloc_fail_after(failed);
		sup = sup_create(HF_SUP_ONE_FOR_ONE, 1000, 5000, 0, 0, 1, 0);
		CHECK(sup || hf_alloc_blocks() == 0);
	}
	CHECK_EQ(failed, 4); /* it needs three allocations, so the fourth attempt succeeded */
	hf_alloc_fail_after(0);
	uint32_t id = 0;
	while (sup_add(sup, id, HF_SUP_PERMANENT, -1) == 0)
		id++;
	CHECK_ERR(sup_add(sup, id, HF_SUP_PERMANENT, -1), -HF_ENOMEM);
	hf_alloc_fail_after(UINT32_MAX);
	for (; id < 1000; id++)
		CHECK_OK(sup_add(sup, id, HF_SUP_PERMANENT, -1));
	for (id = 0; id < 1000; id++)
		CHECK(hf_sup_find(sup, id)->spec.id == id);
	sup_free(sup);
}

int main(void)
{
	check_numbers();
	check_memory();
	return done();
}
