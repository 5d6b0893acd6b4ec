/* A claimed thread stays outside the kernel: when it tries to enter, when it leaves, and when its guest has ended. */
#include "support/threads.h"

#include "platform/native.h"

static hf_word came_through, arrived;

static void pass_the_door(void *context)
{
	atomic_fetch_add(&arrived, 1);
	hf_door_enter(context);
	atomic_fetch_add(&came_through, 1);
}

static void be_over(void *context)
{
	atomic_fetch_add(&arrived, 1);
	hf_door_return(context);
	atomic_fetch_add(&came_through, 1);
}

/* Claimed between leaving and checking the order to stop. */
static void leave_to_stop(void *context)
{
	atomic_fetch_add(&arrived, 1);
	hf__door_ordered(context);
}

static void in_host(void *context)
{
	(void)hf_native_enter(leave_to_stop, context);
	atomic_fetch_add(&came_through, 1);
}

int main(void)
{
	static struct hf_thread threads[3];
	void (*const ways[])(void *) = {pass_the_door, be_over, in_host};
	for (int i = 0; i < 3; i++) {
		hf_thread_init(&threads[i], NULL, 1);
		hf_thread_stop(&threads[i]);
		CHECK(hf_thread_claim(&threads[i]));
		CHECK(!hf_thread_claim(&threads[i]));
		in_background(ways[i], &threads[i]);
	}
	while (atomic_load(&arrived) < 3)
		sleep_ms(1);
	/* It stays there, whatever wakes it. */
	for (int i = 0; i < 20; i++) {
		for (int j = 0; j < 3; j++)
			hf_thread_stop(&threads[j]);
		sleep_ms(5);
	}
	CHECK_EQ(atomic_load(&came_through), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(atomic_load(&threads[i].door), HF_CLAIMED);
	return done();
}
