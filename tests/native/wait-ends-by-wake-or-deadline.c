/* A thread that sleeps on a word continues when it is woken, when the deadline has passed, and at once when the word has another value than
 * expected. */
#include "platform/platform.h"

#include "support/check.h"

#define MILLISECOND UINT64_C(1000000)

static void check_changed_word(void)
{
	hf_word word = 1;
	CHECK_OK(hf_plat_wait(&word, 0, HF_FOREVER));
	CHECK_OK(hf_plat_wait(&word, 0, 0));
}

static void check_deadline(void)
{
	hf_word word = 0;
	uint64_t start = hf_plat_monotonic(), deadline = start + 20 * MILLISECOND;
	int err;
	while ((err = hf_plat_wait(&word, 0, deadline)) == 0)
		;
	CHECK_ERR(err, -HF_ETIMEDOUT);
	CHECK(hf_plat_monotonic() >= deadline);
	/* A deadline that has already passed, including the very first nanosecond. */
	CHECK_ERR(hf_plat_wait(&word, 0, start), -HF_ETIMEDOUT);
	CHECK_ERR(hf_plat_wait(&word, 0, 0), -HF_ETIMEDOUT);
}

static hf_word door;
static _Atomic uint32_t through;

static void waiter_or_waker(void *context, unsigned number)
{
	(void)context;
	if (number > 0) {
		/* One waits forever, one almost: the largest deadlines must not wrap. */
		uint64_t deadline = number == 1 ? HF_FOREVER : HF_FOREVER - 1;
		while (atomic_load(&door) == 0)
			CHECK_OK(hf_plat_wait(&door, 0, deadline));
		atomic_fetch_add(&through, 1);
		return;
	}
	hf_word nobody = 0;
	(void)hf_plat_wait(&nobody, 0, hf_plat_monotonic() + 10 * MILLISECOND);
	CHECK_EQ(atomic_load(&through), 0);
	hf_plat_wake(&nobody, 1);
	atomic_store(&door, 1);
	hf_plat_wake(&door, UINT32_MAX);
}

int main(void)
{
	check_changed_word();
	check_deadline();
	in_threads(4, waiter_or_waker, NULL);
	CHECK_EQ(through, 3);

	CHECK(hf_plat_cores() >= 1);
	CHECK(hf_plat_clock_resolution() >= 1);
	CHECK(hf_plat_realtime() > UINT64_C(1600000000) * 1000 * MILLISECOND);
	hf_plat_yield();
	return done();
}
