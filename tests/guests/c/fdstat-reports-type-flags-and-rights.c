/* fd_fdstat_get of streams, files and directories; fd_fdstat_set_flags sets the flags that can be set, and refuses unknown ones.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

#include <fcntl.h>

#define SYNC_FLAGS (__WASI_FDFLAGS_DSYNC | __WASI_FDFLAGS_RSYNC | __WASI_FDFLAGS_SYNC)

static __wasi_fdstat_t fdstat(int fd)
{
	__wasi_fdstat_t stat;
	memset(&stat, 0xa5, sizeof stat);
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	return stat;
}

/* Only path_open sets synchronous writing: it cannot be switched on or off later. Switching it on is EINVAL, and changes nothing. */
static void only_two_flags_change(int fd)
{
	static const unsigned later[] = {__WASI_FDFLAGS_DSYNC, __WASI_FDFLAGS_RSYNC, __WASI_FDFLAGS_SYNC, SYNC_FLAGS};
	unsigned before = fdstat(fd).fs_flags;
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		CHECK_ERRNO(__wasi_fd_fdstat_set_flags(fd, (__wasi_fdflags_t)later[i]), EINVAL);
		CHECK_ERRNO(__wasi_fd_fdstat_set_flags(fd, (__wasi_fdflags_t)(later[i] | __WASI_FDFLAGS_APPEND)), EINVAL);
		CHECK_EQ(fdstat(fd).fs_flags, before);
	}
	CHECK_OK(__wasi_fd_fdstat_set_flags(fd, 0));
	CHECK_EQ(fdstat(fd).fs_flags, 0);
}

/* As programs do: F_GETFL, add a bit, F_SETFL. */
static void flags_of_a_synchronous_file(void)
{
	int fd;
	CHECK_OK(try_open(ROOT, "file", 0, 0, FILE_RIGHTS, SYNC_FLAGS, &fd));
	CHECK_EQ(fdstat(fd).fs_flags, SYNC_FLAGS);
	CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
	CHECK_EQ(fdstat(fd).fs_flags, SYNC_FLAGS | __WASI_FDFLAGS_NONBLOCK);
	/* Omitting the sync flags leaves them set: on Linux fcntl(fd, F_SETFL, O_APPEND) is not an error, either. */
	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	CHECK_EQ(fdstat(fd).fs_flags, SYNC_FLAGS | __WASI_FDFLAGS_APPEND);
	close_fd(fd);
	CHECK_OK(try_open(ROOT, "file", 0, 0, FILE_RIGHTS, __WASI_FDFLAGS_DSYNC, &fd));
	CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_DSYNC));
	CHECK_ERRNO(__wasi_fd_fdstat_set_flags(fd, SYNC_FLAGS), EINVAL);
	CHECK_EQ(fdstat(fd).fs_flags, __WASI_FDFLAGS_DSYNC);
	close_fd(fd);
}

int main(void)
{
	__wasi_rights_t directory = __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_PATH_CREATE_FILE |
	                            __WASI_RIGHTS_PATH_CREATE_DIRECTORY | __WASI_RIGHTS_FD_READDIR |
	                            __WASI_RIGHTS_PATH_UNLINK_FILE | __WASI_RIGHTS_PATH_RENAME_SOURCE |
	                            __WASI_RIGHTS_PATH_FILESTAT_GET;

	CHECK(fdstat(0).fs_rights_base & __WASI_RIGHTS_FD_READ);
	CHECK(!(fdstat(0).fs_rights_base & __WASI_RIGHTS_FD_WRITE));
	for (int fd = 1; fd < 3; fd++) {
		CHECK(fdstat(fd).fs_rights_base & __WASI_RIGHTS_FD_WRITE);
		CHECK(!(fdstat(fd).fs_rights_base & __WASI_RIGHTS_FD_READ));
	}
	for (int fd = 0; fd < 3; fd++) {
		CHECK_EQ(fdstat(fd).fs_flags, 0);
		CHECK(!(fdstat(fd).fs_rights_base &
		        (__WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL))); /* how libc knows a terminal or pipe */
		CHECK(fdstat(fd).fs_filetype !=
		      __WASI_FILETYPE_CHARACTER_DEVICE); /* no terminal was requested: isatty is false */
		CHECK(fdstat(fd).fs_filetype != __WASI_FILETYPE_REGULAR_FILE);
	}
	CHECK_EQ(fdstat(ROOT).fs_filetype, __WASI_FILETYPE_DIRECTORY);
	CHECK_EQ(fdstat(ROOT).fs_flags, 0);
	CHECK_EQ(fdstat(ROOT).fs_rights_base & directory, directory);
	CHECK_EQ(fdstat(ROOT).fs_rights_inheriting & (directory | FILE_RIGHTS), directory | FILE_RIGHTS);

	int fd = open_file("file", O_CREATE);
	CHECK_EQ(fdstat(fd).fs_filetype, __WASI_FILETYPE_REGULAR_FILE);
	CHECK_EQ(fdstat(fd).fs_rights_base & FILE_RIGHTS, FILE_RIGHTS);
	CHECK_EQ(fdstat(fd).fs_flags, 0);
	int reader = open_at(ROOT, "file", 0, __WASI_RIGHTS_FD_READ);
	CHECK(fdstat(reader).fs_rights_base & __WASI_RIGHTS_FD_READ);
	CHECK(!(fdstat(reader).fs_rights_base & __WASI_RIGHTS_FD_WRITE));

	CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_NONBLOCK));
	CHECK_EQ(fdstat(fd).fs_flags, __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_NONBLOCK);
	CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK));
	CHECK_EQ(fdstat(fd).fs_flags, __WASI_FDFLAGS_NONBLOCK);
	CHECK_ERRNO(raw_fd_fdstat_set_flags((uint32_t)fd, 32), EINVAL);
	CHECK_ERRNO(raw_fd_fdstat_set_flags((uint32_t)fd, 0xffff), EINVAL);
	CHECK_EQ(fdstat(fd).fs_flags, __WASI_FDFLAGS_NONBLOCK);
	only_two_flags_change(fd);
	flags_of_a_synchronous_file();

	CHECK_ERRNO(__wasi_fd_fdstat_set_flags(99, 0), EBADF);
	CHECK_ERRNO(raw_fd_fdstat_get(99, P(&fd)), EBADF);
	CHECK_ERRNO(raw_fd_fdstat_get(0, memory_end() - 23), EFAULT);
	CHECK_OK(raw_fd_fdstat_get(0, memory_end() - 24));
	return 0;
}
