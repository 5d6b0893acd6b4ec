// forms: wrapped
/* time, clock_gettime, gettimeofday and strftime agree on the current time.
 *
 * guest:
 */
#include "check.h"

#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

int main(void)
{
	struct timespec real, start, end;
	struct timeval day;
	time_t now = time(NULL);
	char text[32];

	CHECK_EQ(clock_gettime(CLOCK_REALTIME, &real), 0);
	CHECK_EQ(gettimeofday(&day, NULL), 0);
	CHECK_BETWEEN(real.tv_sec - now, 0, 5);
	CHECK_BETWEEN(day.tv_sec - now, 0, 5);
	CHECK_BETWEEN(real.tv_nsec, 0, 999999999);
	CHECK(strftime(text, sizeof text, "%Y", gmtime(&now)) == 4);
	CHECK_BETWEEN(atoi(text), 2024, 2100);

	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &start), 0);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 20000000}, NULL), 0);
	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &end), 0);
	CHECK_BETWEEN((end.tv_sec - start.tv_sec) * INT64_C(1000000000) + end.tv_nsec - start.tv_nsec, 20000000,
	              2000000000);
	return 0;
}
