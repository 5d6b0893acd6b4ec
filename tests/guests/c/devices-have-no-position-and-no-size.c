/* null, zero, full and urandom: what reads return and writes accept. They have no position, no size and no times that can be set, and cannot be
 * linked into a directory of files.
 *
 * guest:
 *   dir: /
 *   dir: /dev devices
 */
#include "fs.h"
#include "poll.h"

#define DEVICES 4

static uint64_t out[8];
static uint8_t bytes[64], first[64], none[64];
static __wasi_iovec_t iov = {bytes, sizeof bytes};
static __wasi_ciovec_t ciov = {bytes, sizeof bytes};
static __wasi_size_t count;

static int device(const char *name)
{
	return open_at(DEVICES, name, 0, FILE_RIGHTS);
}

static void check_data(void)
{
	int fd = device("null");
	CHECK_OK(__wasi_fd_read(fd, &iov, 1, &count));
	CHECK_EQ(count, 0);
	CHECK_OK(__wasi_fd_write(fd, &ciov, 1, &count));
	CHECK_EQ(count, sizeof bytes);

	fd = device("zero");
	memset(bytes, 1, sizeof bytes);
	CHECK_OK(__wasi_fd_read(fd, &iov, 1, &count));
	CHECK_EQ(count, sizeof bytes);
	CHECK_BYTES(bytes, none, sizeof bytes);
	CHECK_OK(__wasi_fd_write(fd, &ciov, 1, &count));

	fd = device("full");
	memset(bytes, 1, sizeof bytes);
	CHECK_OK(__wasi_fd_read(fd, &iov, 1, &count));
	CHECK_BYTES(bytes, none, sizeof bytes);
	CHECK_ERRNO(__wasi_fd_write(fd, &ciov, 1, &count), ENOSPC);

	fd = device("urandom");
	CHECK_OK(__wasi_fd_read(fd, &iov, 1, &count));
	CHECK_EQ(count, sizeof bytes);
	memcpy(first, bytes, sizeof bytes);
	CHECK_OK(__wasi_fd_read(fd, &iov, 1, &count));
	CHECK(memcmp(first, bytes, sizeof bytes) != 0);
}

static void check_what_it_has_not(void)
{
	__wasi_filestat_t stat;
	int fd = device("null"), other;

	CHECK_OK(__wasi_fd_filestat_get(fd, &stat));
	CHECK_EQ(stat.filetype, __WASI_FILETYPE_CHARACTER_DEVICE);
	CHECK_EQ(stat.size, 0);
	CHECK_ERRNO(__wasi_fd_pread(fd, &iov, 1, 0, &count), ESPIPE);
	CHECK_ERRNO(__wasi_fd_pwrite(fd, &ciov, 1, 0, &count), ESPIPE);
	CHECK_ERRNO(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, out), ESPIPE);
	CHECK_ERRNO(__wasi_fd_tell(fd, out), ESPIPE);
	CHECK_ERRNO(__wasi_fd_allocate(fd, 0, 1), ENODEV);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(fd, 0), EINVAL);
	CHECK_ERRNO(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM), EPERM);
	CHECK_ERRNO(__wasi_path_filestat_set_times(DEVICES, 0, "null", 0, 0, __WASI_FSTFLAGS_MTIM), EPERM);
	CHECK_ERRNO(__wasi_fd_readdir(fd, bytes, sizeof bytes, 0, &count), ENOTDIR);
	CHECK_ERRNO(__wasi_path_link(DEVICES, 0, "null", ROOT, "null"), EXDEV);
	CHECK_ERRNO(try_open(DEVICES, "null", 0, O_DIR, 0, 0, &other), ENOTDIR);
	CHECK_ERRNO(try_open(DEVICES, "null/", 0, 0, 0, 0, &other), ENOTDIR);
	CHECK_ERRNO(try_open(DEVICES, "null", 0, O_CREATE | O_EXCLUSIVE, 0, 0, &other), EEXIST);
	/* There is no size to truncate. */
	CHECK_OK(try_open(DEVICES, "null", 0, O_TRUNCATE, FILE_RIGHTS, 0, &other));
	CHECK_OK(__wasi_fd_sync(fd));
	CHECK_OK(__wasi_fd_advise(fd, 0, 0, 0));
}

int main(void)
{
	check_data();
	check_what_it_has_not();
	__wasi_subscription_t subs[] = {read_sub(1, device("null")), write_sub(2, device("null"))};
	__wasi_event_t events[2];
	CHECK_OK(__wasi_poll_oneoff(subs, events, 2, &count));
	CHECK_EQ(count, 2);
	return 0;
}
