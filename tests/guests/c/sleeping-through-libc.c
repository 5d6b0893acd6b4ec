// forms: wrapped
/* nanosleep, usleep, sleep and poll() of wasi-libc wait as long as requested.
 *
 * guest:
 *   stdin: hold
 */
#include "fs.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

int main(void)
{
	uint64_t start = now_of(__WASI_CLOCKID_MONOTONIC), now;

	CHECK_EQ(nanosleep(&(struct timespec){.tv_nsec = 30 * MS}, NULL), 0);
	now = now_of(__WASI_CLOCKID_MONOTONIC);
	CHECK_BETWEEN(now - start, 30 * MS, 1500 * MS);
	start = now;
	CHECK_EQ(usleep(30000), 0);
	now = now_of(__WASI_CLOCKID_MONOTONIC);
	CHECK_BETWEEN(now - start, 30 * MS, 1500 * MS);
	start = now;
	CHECK_EQ(sleep(1), 0);
	now = now_of(__WASI_CLOCKID_MONOTONIC);
	CHECK_BETWEEN(now - start, 1000 * MS, 3000 * MS);
	start = now;
	struct pollfd in = {.fd = 0, .events = POLLIN};
	CHECK_EQ(poll(&in, 1, 50), 0);
	CHECK_BETWEEN(now_of(__WASI_CLOCKID_MONOTONIC) - start, 50 * MS, 1500 * MS);
	return 0;
}
