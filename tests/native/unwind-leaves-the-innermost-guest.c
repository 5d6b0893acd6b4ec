/* hf_plat_unwind returns to the host code that entered the guest: to the innermost one if guests are nested, and separately in each thread. */
#include "platform/native.h"

#include "support/check.h"

static void return_normally(void *context)
{
	++*(int *)context;
}

/* Through a pointer, so that the compiler does not see that the callee never returns. */
static void (*volatile leave)(void) = hf_plat_unwind;

static void deep(int *count, int depth)
{
	volatile char frame[100];
	frame[0] = (char)depth;
	if (depth == 0)
		leave();
	else
		deep(count, depth - 1);
	*count += 1000 + frame[0];
}

static void unwind_from_below(void *context)
{
	++*(int *)context;
	deep(context, 20);
}

static void unwind_inside_and_outside(void *context)
{
	CHECK_EQ(hf_native_enter(unwind_from_below, context), 1);
	CHECK_EQ(hf_native_enter(return_normally, context), 0);
	hf_plat_unwind();
}

static void in_one_thread(void *context, unsigned number)
{
	(void)context, (void)number;
	for (int i = 0; i < 1000; i++) {
		int count = 0;
		CHECK_EQ(hf_native_enter(return_normally, &count), 0);
		CHECK_EQ(hf_native_enter(unwind_from_below, &count), 1);
		CHECK_EQ(hf_native_enter(unwind_inside_and_outside, &count), 1);
		CHECK_EQ(count, 4);
	}
}

static void count_ring(void *context)
{
	++*(int *)context;
}

int main(void)
{
	int rings = 0;
	in_threads(4, in_one_thread, NULL);
	hf_plat_ring_coordinator();
	hf_native_set_ring(count_ring, &rings);
	hf_plat_ring_coordinator();
	hf_plat_ring_coordinator();
	hf_native_set_ring(NULL, NULL);
	hf_plat_ring_coordinator();
	CHECK_EQ(rings, 2);
	return done();
}
