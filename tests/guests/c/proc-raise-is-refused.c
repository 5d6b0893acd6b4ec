/* Nobody can receive signals here: proc_raise says so (ENOSYS or ENOTSUP) and the process goes on. A signal that does not exist is EINVAL.
 *
 * guest:
 *   expect-stdout: "still here\n"
 */
#include "fs.h"
#include "raw.h"

int main(void)
{
	for (uint32_t signal = 1; signal <= 30; signal++)
		CHECK_ERRNO(raw_proc_raise(signal), ENOSYS, ENOTSUP);
	CHECK_ERRNO(raw_proc_raise(31), EINVAL, ENOSYS, ENOTSUP);
	CHECK_ERRNO(raw_proc_raise(0xffffffff), EINVAL, ENOSYS, ENOTSUP);
	write_all(1, "still here\n", 11);
	return 0;
}
