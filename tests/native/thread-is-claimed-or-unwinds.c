/* When a thread is stopped and claimed, exactly one of two things happens: it is claimed, or it unwinds by itself. Tested here at each point at
 * which the claim may come; hammer-door does it at full speed. */
#include "support/threads.h"

#include "platform/native.h"

static void leave(void *context)
{
	hf_door_leave(context);
}

static void enter(void *context)
{
	hf_door_enter(context);
}

static struct hf_thread thread;

static void begin(void)
{
	hf_thread_init(&thread, NULL, 1);
}

/* The guest runs: the claim wins. */
static void check_in_guest(void)
{
	begin();
	hf_thread_stop(&thread);
	CHECK(hf_thread_claim(&thread));

	/* Likewise after it was in the kernel, if the order came later. */
	begin();
	hf_door_enter(&thread);
	CHECK_EQ(hf_native_enter(leave, &thread), 0);
	hf_thread_stop(&thread);
	CHECK(hf_thread_claim(&thread));
}

/* The order came and the thread entered before the claim did: it unwinds. */
static void check_order_then_enter(void)
{
	begin();
	hf_thread_stop(&thread);
	hf_door_enter(&thread);
	CHECK(!hf_thread_claim(&thread));
	CHECK_EQ(hf_native_enter(leave, &thread), 1);
	CHECK(!hf_thread_claim(&thread));
	CHECK_EQ(atomic_load(&thread.door), HF_UNWINDING);
	hf_door_return(&thread);
	CHECK(!hf_thread_claim(&thread));
}

static void check_order_in_kernel(void)
{
	begin();
	hf_door_enter(&thread);
	CHECK(!hf_thread_claim(&thread));
	hf_thread_stop(&thread);
	CHECK(!hf_thread_claim(&thread));
	CHECK_EQ(hf_native_enter(leave, &thread), 1);
	hf_door_return(&thread);
	CHECK_EQ(atomic_load(&thread.door), HF_IN_KERNEL);
}

/* A guest that catches the unwinding exception is unwound again at each further call, and may still report its end. */
static void check_caught(void)
{
	begin();
	hf_door_enter(&thread);
	hf_thread_stop(&thread);
	CHECK_EQ(hf_native_enter(leave, &thread), 1);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(hf_native_enter(enter, &thread), 1);
		CHECK(!hf_thread_claim(&thread));
	}
	hf_door_return(&thread);
	CHECK_EQ(atomic_load(&thread.door), HF_IN_KERNEL);
}

/* A guest that returned by itself. */
static void check_returned(void)
{
	begin();
	hf_door_return(&thread);
	CHECK(!hf_thread_claim(&thread));
	begin();
	hf_thread_stop(&thread);
	hf_door_return(&thread);
	CHECK(!hf_thread_claim(&thread));
}

int main(void)
{
	check_in_guest();
	check_order_then_enter();
	check_order_in_kernel();
	check_caught();
	check_returned();
	return done();
}
