// forms: wrapped
/* A read of stdin returns as soon as any bytes are available; at the end of input, every read returns 0 bytes.
 *
 * guest:
 *   stdin: "abc"
 *   stdin: after "abc is here\n"
 *   stdin: wait 300ms
 *   stdin: "defg"
 *   expect-stdout: "abc is here\n"
 */
#include "fs.h"

int main(void)
{
	char buffer[100];
	uint64_t start;

	CHECK_EQ(read_some(0, buffer, 2), 2); /* less than is available: the rest stays */
	CHECK_BYTES(buffer, "ab", 2);
	CHECK_EQ(read_some(0, buffer, sizeof buffer), 1);
	CHECK_EQ(buffer[0], 'c');

	write_all(1, "abc is here\n", 12);
	start = now_of(__WASI_CLOCKID_MONOTONIC);
	CHECK_EQ(read_some(0, buffer, sizeof buffer), 4); /* waits for it */
	CHECK_BYTES(buffer, "defg", 4);
	CHECK_BETWEEN(now_of(__WASI_CLOCKID_MONOTONIC) - start, 50000000, INT64_C(20000000000));

	for (int i = 0; i < 5; i++)
		CHECK_EQ(read_some(0, buffer, sizeof buffer), 0);
	return 0;
}
