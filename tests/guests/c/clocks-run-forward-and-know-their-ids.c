/* The monotonic clock advances and never goes back; the realtime clock is plausible; both report a resolution, which is the monotonic clock's step;
 * other ids fail with EINVAL.
 *
 * guest:
 */
#include "check.h"
#include "raw.h"

#define YEAR_2024 UINT64_C(1704067200000000000)
#define YEAR_2100 UINT64_C(4102444800000000000)

static uint64_t now_of(__wasi_clockid_t id)
{
	__wasi_timestamp_t now = 0;
	CHECK_OK(__wasi_clock_time_get(id, 0, &now));
	return now;
}

static void resolution_is_sane(__wasi_clockid_t id)
{
	__wasi_timestamp_t resolution = 0;
	CHECK_OK(__wasi_clock_res_get(id, &resolution));
	CHECK_BETWEEN(resolution, 1, 100000000);
}

/* The resolution is the clock's real step: about the smallest observed advance. A call may take longer than a very small step. */
static void resolution_is_the_step(void)
{
	uint64_t last = now_of(__WASI_CLOCKID_MONOTONIC), smallest = UINT64_MAX;
	__wasi_timestamp_t resolution = 0;
	CHECK_OK(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &resolution));
	for (int steps = 0; steps < 100;) {
		uint64_t now = now_of(__WASI_CLOCKID_MONOTONIC), step = now - last;
		if (step == 0)
			continue;
		last = now;
		steps++;
		if (step < smallest)
			smallest = step;
	}
	CHECK_BETWEEN(resolution, 1, 2 * smallest);
	CHECK_BETWEEN(smallest, 1, 2 * resolution + 3000);
}

/* The CPU time clocks are optional. If they exist, they never go back, either. */
static void cpu_clock(__wasi_clockid_t id)
{
	__wasi_timestamp_t first, second, resolution;
	unsigned error = __wasi_clock_time_get(id, 0, &first);

	CHECK_ERRNO(error, 0, EINVAL, ENOTSUP, EBADF);
	CHECK_ERRNO(__wasi_clock_res_get(id, &resolution), (uint16_t)error);
	if (error)
		return;
	for (int i = 0; i < 1000; i++) {
		CHECK_OK(__wasi_clock_time_get(id, 0, &second));
		CHECK(second >= first);
		first = second;
	}
}

int main(void)
{
	uint64_t start = now_of(__WASI_CLOCKID_MONOTONIC), last = start;
	uint64_t real = now_of(__WASI_CLOCKID_REALTIME);

	for (int i = 0; i < 100000 || last - start < 1000000; i++) {
		uint64_t now = now_of(__WASI_CLOCKID_MONOTONIC);
		CHECK(now >= last);
		last = now;
	}
	CHECK_BETWEEN(real, YEAR_2024, YEAR_2100);
	/* Both clocks measure the same time: about the same time passes on each. */
	CHECK_BETWEEN((int64_t)(now_of(__WASI_CLOCKID_REALTIME) - real) -
	                  (int64_t)(now_of(__WASI_CLOCKID_MONOTONIC) - start),
	              -INT64_C(1000000000), INT64_C(1000000000));

	resolution_is_sane(__WASI_CLOCKID_REALTIME);
	resolution_is_sane(__WASI_CLOCKID_MONOTONIC);
	resolution_is_the_step();
	cpu_clock(__WASI_CLOCKID_PROCESS_CPUTIME_ID);
	cpu_clock(__WASI_CLOCKID_THREAD_CPUTIME_ID);

	uint64_t out = 7;
	CHECK_ERRNO(raw_clock_time_get(4, 0, P(&out)), EINVAL);
	CHECK_ERRNO(raw_clock_time_get(0xffffffff, 0, P(&out)), EINVAL);
	CHECK_ERRNO(raw_clock_res_get(4, P(&out)), EINVAL);
	CHECK_ERRNO(raw_clock_res_get(0x100, P(&out)), EINVAL);
	CHECK_EQ(out, 7);
	CHECK_ERRNO(raw_clock_time_get(0, 0, memory_end()), EFAULT);
	CHECK_ERRNO(raw_clock_time_get(1, 0, memory_end() - 7), EFAULT);
	CHECK_ERRNO(raw_clock_time_get(1, 0, 0xfffffff8), EFAULT);
	CHECK_ERRNO(raw_clock_res_get(0, memory_end() - 4), EFAULT);
	CHECK_OK(raw_clock_time_get(1, UINT64_MAX, memory_end() - 8));
	return 0;
}
