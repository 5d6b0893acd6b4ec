/* A guest is refused, or ends at once, if the OS cannot create a thread for it; nothing is left of it. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "support/by_hand.h"

/* The n-th call from now fails; 0: none fails. The linker replaces pthread_create with this function (CMakeLists.txt). */
static _Atomic int until_failure;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main)(void *), void *argument)
{
	if (atomic_load(&until_failure) > 0 && atomic_fetch_sub(&until_failure, 1) == 1)
		return EAGAIN;
	return __real_pthread_create(thread, attr, main, argument);
}

static void ends_at_once(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
}

static int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;
	CHECK(directory);
	while (readdir(directory))
		count++;
	CHECK_EQ(closedir(directory), 0);
	return count;
}

/* For the copiers of two streams and the guest's own thread. If the last cannot be created, the guest's end is reported as usual. */
static void without_the(int number, int in, int out)
{
	static const char *const none[] = {NULL};
	const struct hf_guest_options options = {
		.module = by_hand(ends_at_once), .args = none, .env = none, .streams = {in, out, -1}};
	struct hf_guest *guest;
	atomic_store(&until_failure, number);
	int result = hf_guest_spawn(&options, &guest);
	CHECK_EQ(atomic_load(&until_failure), 0);
	if (number < 3) {
		CHECK_ERR(result, -HF_EAGAIN);
		return;
	}
	CHECK_OK(result);
	CHECK(hf_guest_join(guest, HF_FOREVER));
	CHECK(strcmp(hf_guest_exit(guest)->message, "no thread to run it on") == 0);
	end_by_hand(guest, HF_ENDED_CRASH, 134);
}

int main(void)
{
	int in[2], out[2];
	CHECK_OK(hf_host_start(0));
	CHECK_EQ(pipe(in), 0);
	CHECK_EQ(pipe(out), 0);
	int before = open_descriptors();
	/* Many times, because the outcome depends on how fast the coordinator is. */
	for (int i = 0; i < 300; i++)
		without_the(i % 3 + 1, in[0], out[1]);
	CHECK_EQ(open_descriptors(), before);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(close(in[i]), 0);
		CHECK_EQ(close(out[i]), 0);
	}
	hf_host_stop();
	return done();
}
