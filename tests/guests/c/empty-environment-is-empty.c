// forms: wrapped
/* Without variables environ_sizes_get returns 0 and 0, and environ_get writes nothing.
 *
 * guest:
 */
#include "check.h"

int main(void)
{
	__wasi_size_t count = 9, size = 9;
	uint8_t *pointers[1] = {(uint8_t *)1}, buffer[1] = {0xa5};

	CHECK_OK(__wasi_environ_sizes_get(&count, &size));
	CHECK_EQ(count, 0);
	CHECK_EQ(size, 0);
	CHECK_OK(__wasi_environ_get(pointers, buffer));
	CHECK(pointers[0] == (uint8_t *)1);
	CHECK_EQ(buffer[0], 0xa5);
	return 0;
}
