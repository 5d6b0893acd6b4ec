/* wasi:io/poll: the indices of all ready pollables, in order, both indices of one that is listed twice; it waits if none is ready.
 *
 * guest:
 *   stdin: hold
 */
#include "wasi2.h"

static const uint64_t HOUR = 3600 * 1000 * MILLISECOND;

static void check_ready(const wasip2_list_u32_t *ready, const uint32_t *expected, size_t count)
{
	CHECK_EQ(ready->len, count);
	for (size_t i = 0; i < count; i++)
		CHECK_EQ(ready->ptr[i], expected[i]);
}

int main(void)
{
	poll_own_pollable_t past = monotonic_clock_subscribe_instant(0);
	poll_own_pollable_t never = monotonic_clock_subscribe_duration(HOUR);
	poll_own_pollable_t soon = monotonic_clock_subscribe_duration(20 * MILLISECOND);
	streams_own_input_stream_t in = stdin_get_stdin();
	poll_own_pollable_t input = streams_method_input_stream_subscribe(streams_borrow_input_stream(in));
	poll_borrow_pollable_t p = poll_borrow_pollable(past), n = poll_borrow_pollable(never),
						   s = poll_borrow_pollable(soon);

	CHECK(poll_method_pollable_ready(p));
	CHECK(!poll_method_pollable_ready(n));
	poll_method_pollable_block(p);

	wasip2_list_u32_t ready;
	poll_borrow_pollable_t some[] = {n, p, poll_borrow_pollable(input), p};
	poll_poll(&(poll_list_borrow_pollable_t){.ptr = some, .len = 4}, &ready);
	check_ready(&ready, (uint32_t[]){1, 3}, 2);
	wasip2_list_u32_free(&ready);

	uint64_t begun = monotonic_clock_now();
	poll_borrow_pollable_t waiting[] = {n, s};
	poll_poll(&(poll_list_borrow_pollable_t){.ptr = waiting, .len = 2}, &ready);
	check_ready(&ready, (uint32_t[]){1}, 1);
	wasip2_list_u32_free(&ready);
	CHECK(poll_method_pollable_ready(s));
	CHECK(monotonic_clock_now() >= begun);

	/* A thousand pollables; only the last is ready. */
	poll_borrow_pollable_t many[1000];
	for (int i = 0; i < 999; i++)
		many[i] = n;
	many[999] = p;
	poll_poll(&(poll_list_borrow_pollable_t){.ptr = many, .len = 1000}, &ready);
	check_ready(&ready, (uint32_t[]){999}, 1);
	wasip2_list_u32_free(&ready);

	poll_pollable_drop_own(past);
	poll_pollable_drop_own(never);
	poll_pollable_drop_own(soon);
	poll_pollable_drop_own(input);
	streams_input_stream_drop_own(in);
	return 0;
}
