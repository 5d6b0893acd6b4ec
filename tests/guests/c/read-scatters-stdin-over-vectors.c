/* One read of a stream fills one vector after the other, skipping empty ones, and does not touch the rest.
 *
 * guest:
 *   stdin: "0123456789"
 */
#include "fs.h"

int main(void)
{
	char a[] = "....", b[] = ".....", c[] = "........", rest[8];
	__wasi_iovec_t iovs[] = {{NULL, 0}, {(uint8_t *)a, 3}, {(uint8_t *)b, 0}, {(uint8_t *)b, 4}, {(uint8_t *)c, 1}};
	__wasi_size_t got;

	CHECK_OK(__wasi_fd_read(0, iovs, 0, &got)); /* nothing requested: no wait */
	CHECK_EQ(got, 0);
	CHECK_OK(__wasi_fd_read(0, iovs, 5, &got));
	CHECK_EQ(got, 8);
	CHECK_BYTES(a, "012.", 4);
	CHECK_BYTES(b, "3456.", 5);
	CHECK_BYTES(c, "7.......", 8);
	CHECK_EQ(read_some(0, rest, sizeof rest), 2);
	CHECK_BYTES(rest, "89", 2);
	return 0;
}
