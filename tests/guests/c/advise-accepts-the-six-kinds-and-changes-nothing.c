// forms: wrapped
/* fd_advise accepts every kind of advice for any range; a seventh kind fails with EINVAL. Neither size, bytes nor offset change.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

int main(void)
{
	int fd = open_file("file", O_CREATE);

	write_all(fd, "0123456789", 10);
	for (uint32_t advice = 0; advice < 6; advice++) {
		CHECK_OK(raw_fd_advise((uint32_t)fd, 0, 0, advice));
		CHECK_OK(raw_fd_advise((uint32_t)fd, 2, 5, advice));
		CHECK_OK(raw_fd_advise((uint32_t)fd, 1000, 100000, advice));
	}
	CHECK_ERRNO(raw_fd_advise((uint32_t)fd, 0, 0, 6), EINVAL);
	CHECK_ERRNO(raw_fd_advise((uint32_t)fd, 0, 0, 0xffffffff), EINVAL);
	CHECK_EQ(stat_fd(fd).size, 10);
	CHECK_EQ(seek_to(fd, 0, __WASI_WHENCE_CUR), 10);
	expect_file("file", "0123456789");

	CHECK_ERRNO(raw_fd_advise(99, 0, 0, 0), EBADF);
	CHECK_ERRNO(raw_fd_advise(0, 0, 0, 0), ESPIPE, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_advise(ROOT, 0, 0, 0), 0, EISDIR, EBADF, ENOTCAPABLE);
	return 0;
}
