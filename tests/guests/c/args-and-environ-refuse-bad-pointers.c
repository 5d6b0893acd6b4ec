/* A call whose result does not fit into memory fails with EFAULT, even if only its last byte is outside; a result that just fits is written.
 *
 * guest:
 *   args: some arguments
 *   env: SOME=thing
 */
#include "check.h"
#include "raw.h"

int main(void)
{
	uint32_t end = memory_end(), count, size, pointers[16];
	char buffer[256];

	CHECK_ERRNO(raw_args_sizes_get(end, P(&size)), EFAULT);
	CHECK_ERRNO(raw_args_sizes_get(P(&count), end), EFAULT);
	CHECK_ERRNO(raw_args_sizes_get(P(&count), end - 3), EFAULT);
	CHECK_ERRNO(raw_args_sizes_get(P(&count), 0xffffffff), EFAULT);
	CHECK_ERRNO(raw_environ_sizes_get(end, P(&size)), EFAULT);
	CHECK_ERRNO(raw_environ_sizes_get(P(&count), end - 1), EFAULT);

	CHECK_OK(raw_args_sizes_get(P(&count), P(&size)));
	CHECK_ERRNO(raw_args_get(end, P(buffer)), EFAULT);
	CHECK_ERRNO(raw_args_get(end - 4, P(buffer)), EFAULT);
	CHECK_ERRNO(raw_args_get(P(pointers), end), EFAULT);
	CHECK_ERRNO(raw_args_get(P(pointers), end - size + 1), EFAULT);
	CHECK_ERRNO(raw_args_get(0xfffffffc, 0xfffffffc), EFAULT);

	CHECK_OK(raw_environ_sizes_get(P(&count), P(&size)));
	CHECK_ERRNO(raw_environ_get(end, P(buffer)), EFAULT);
	CHECK_ERRNO(raw_environ_get(P(pointers), end - size + 1), EFAULT);

	/* The very last bytes of memory are usable. */
	CHECK_OK(raw_environ_get(P(pointers), end - size));
	CHECK_EQ(pointers[0], end - size);
	CHECK(strcmp((char *)(uintptr_t)(end - size), "SOME=thing") == 0);
	CHECK_OK(raw_args_sizes_get(end - 4, P(&size)));
	CHECK_EQ(*(uint32_t *)(uintptr_t)(end - 4), 3);
	return 0;
}
