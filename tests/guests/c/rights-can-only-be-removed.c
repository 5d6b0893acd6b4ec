/* fd_fdstat_set_rights removes rights from a descriptor, and never adds one (ENOTCAPABLE); without its right a function fails; a file opened from a
 * directory never has rights that the directory cannot pass on.
 *
 * guest:
 *   dir: /
 */
#include "poll.h"
#include "raw.h"

static uint64_t out[40];
static uint8_t buffer[8];
static __wasi_iovec_t iov = {buffer, sizeof buffer};

/* Opens a new descriptor without these rights. */
static int less(int fd, __wasi_rights_t rights)
{
	__wasi_fdstat_t stat;
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	CHECK_OK(__wasi_fd_fdstat_set_rights(fd, stat.fs_rights_base & ~rights, stat.fs_rights_inheriting));
	__wasi_rights_t expected = stat.fs_rights_base & ~rights;
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	CHECK_EQ(stat.fs_rights_base, expected);
	return fd;
}

static int file_less(__wasi_rights_t rights)
{
	return less(open_file("file", 0), rights);
}

static int dir_less(__wasi_rights_t rights)
{
	return less(open_dir("dir"), rights);
}

/* The error that polling it reports. */
static unsigned poll_error(__wasi_subscription_t sub)
{
	__wasi_event_t event;
	CHECK_EQ(poll_subs(&sub, &event, 1), 1);
	return event.error;
}

static void rights_of_polling(void)
{
	CHECK_OK(poll_error(read_sub(1, file_less(0))));
	CHECK_OK(poll_error(write_sub(1, file_less(0))));
	CHECK_ERRNO(poll_error(read_sub(1, file_less(__WASI_RIGHTS_POLL_FD_READWRITE))), ENOTCAPABLE);
	CHECK_ERRNO(poll_error(write_sub(1, file_less(__WASI_RIGHTS_POLL_FD_READWRITE))), ENOTCAPABLE);
	CHECK_ERRNO(poll_error(read_sub(1, file_less(__WASI_RIGHTS_FD_READ))), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(poll_error(write_sub(1, file_less(__WASI_RIGHTS_FD_WRITE))), EBADF, ENOTCAPABLE);
	CHECK_OK(poll_error(read_sub(1, file_less(__WASI_RIGHTS_FD_WRITE))));
}

static void rights_of_files(void)
{
	CHECK_ERRNO(__wasi_fd_datasync(file_less(__WASI_RIGHTS_FD_DATASYNC)), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_sync(file_less(__WASI_RIGHTS_FD_SYNC)), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_read(file_less(__WASI_RIGHTS_FD_READ), &iov, 1, (__wasi_size_t *)out), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_write(file_less(__WASI_RIGHTS_FD_WRITE), (__wasi_ciovec_t *)&iov, 1, (__wasi_size_t *)out),
	            EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_seek(file_less(__WASI_RIGHTS_FD_SEEK), 1, __WASI_WHENCE_SET, out), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_tell(file_less(__WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL), out), ENOTCAPABLE);
	CHECK_OK(__wasi_fd_tell(file_less(__WASI_RIGHTS_FD_TELL), out)); /* the right to seek implies it */
	CHECK_OK(__wasi_fd_seek(file_less(__WASI_RIGHTS_FD_TELL), 1, __WASI_WHENCE_SET, out));
	CHECK_OK(__wasi_fd_seek(file_less(__WASI_RIGHTS_FD_SEEK), 0, __WASI_WHENCE_CUR, out)); /* the same as fd_tell */
	CHECK_ERRNO(__wasi_fd_pread(file_less(__WASI_RIGHTS_FD_SEEK), &iov, 1, 0, (__wasi_size_t *)out), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_pwrite(file_less(__WASI_RIGHTS_FD_SEEK), (__wasi_ciovec_t *)&iov, 1, 0, (__wasi_size_t *)out),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_fdstat_set_flags(file_less(__WASI_RIGHTS_FD_FDSTAT_SET_FLAGS), 0), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_advise(file_less(__WASI_RIGHTS_FD_ADVISE), 0, 0, 0), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_allocate(file_less(__WASI_RIGHTS_FD_ALLOCATE), 0, 100), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_filestat_get(file_less(__WASI_RIGHTS_FD_FILESTAT_GET), (__wasi_filestat_t *)out),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(file_less(__WASI_RIGHTS_FD_FILESTAT_SET_SIZE), 0), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_filestat_set_times(file_less(__WASI_RIGHTS_FD_FILESTAT_SET_TIMES), 0, 0, 0), ENOTCAPABLE);
	expect_file("file", "text");
}

static void rights_of_directories(void)
{
	int fd;

	CHECK_ERRNO(__wasi_path_create_directory(dir_less(__WASI_RIGHTS_PATH_CREATE_DIRECTORY), "new"), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(dir_less(__WASI_RIGHTS_PATH_CREATE_FILE), 0, "new", O_CREATE, 0, 0, 0, &fd),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(dir_less(__WASI_RIGHTS_PATH_OPEN), 0, "leaf", 0, 0, 0, 0, &fd), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(dir_less(__WASI_RIGHTS_PATH_FILESTAT_SET_SIZE), 0, "leaf", O_TRUNCATE, 0, 0, 0, &fd),
	            ENOTCAPABLE, EPERM);
	/* A directory without this right that passes on the rights to write and to set the size allows it, too, because the guest could do the same in two calls. */
	CHECK_OK(__wasi_path_open(dir_less(__WASI_RIGHTS_PATH_FILESTAT_SET_SIZE), 0, "cut", O_CREATE | O_TRUNCATE,
	                          __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE, 0, 0, &fd));
	close_fd(fd);
	CHECK_ERRNO(__wasi_path_open(dir_less(__WASI_RIGHTS_PATH_FILESTAT_SET_SIZE), 0, "cut", O_TRUNCATE,
	                             __WASI_RIGHTS_FD_WRITE, 0, 0, &fd),
	            ENOTCAPABLE, EPERM);
	CHECK_OK(__wasi_path_unlink_file(ROOT, "dir/cut"));
	CHECK_ERRNO(__wasi_path_link(dir_less(__WASI_RIGHTS_PATH_LINK_SOURCE), 0, "leaf", ROOT, "new"), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_link(ROOT, 0, "file", dir_less(__WASI_RIGHTS_PATH_LINK_TARGET), "new"), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_readdir(dir_less(__WASI_RIGHTS_FD_READDIR), buffer, 8, 0, (__wasi_size_t *)out), ENOTCAPABLE,
	            EBADF);
	CHECK_ERRNO(__wasi_path_readlink(dir_less(__WASI_RIGHTS_PATH_READLINK), "link", buffer, 8, (__wasi_size_t *)out),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_rename(dir_less(__WASI_RIGHTS_PATH_RENAME_SOURCE), "leaf", ROOT, "new"), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_rename(ROOT, "file", dir_less(__WASI_RIGHTS_PATH_RENAME_TARGET), "new"), ENOTCAPABLE);
	CHECK_ERRNO(
		__wasi_path_filestat_get(dir_less(__WASI_RIGHTS_PATH_FILESTAT_GET), 0, "leaf", (__wasi_filestat_t *)out),
		ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_filestat_set_times(dir_less(__WASI_RIGHTS_PATH_FILESTAT_SET_TIMES), 0, "leaf", 0, 0,
	                                           __WASI_FSTFLAGS_MTIM),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_symlink("x", dir_less(__WASI_RIGHTS_PATH_SYMLINK), "new"), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_remove_directory(dir_less(__WASI_RIGHTS_PATH_REMOVE_DIRECTORY), "sub"), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_unlink_file(dir_less(__WASI_RIGHTS_PATH_UNLINK_FILE), "leaf"), ENOTCAPABLE);
	expect_file("dir/leaf", "leaf");
	CHECK_OK(look("dir/sub"));
	CHECK_OK(look("file"));
}

int main(void)
{
	__wasi_fdstat_t stat;
	int fd;

	put_file("file", "text");
	make_dir("dir");
	make_dir("dir/sub");
	put_file("dir/leaf", "leaf");
	CHECK_OK(__wasi_path_symlink("leaf", ROOT, "dir/link"));
	rights_of_files();
	rights_of_directories();
	rights_of_polling();

	/* None of them can be regained, on either side. */
	fd = file_less(__WASI_RIGHTS_FD_SEEK);
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	CHECK_ERRNO(__wasi_fd_fdstat_set_rights(fd, stat.fs_rights_base | __WASI_RIGHTS_FD_SEEK, stat.fs_rights_inheriting),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_fdstat_set_rights(fd, UINT64_MAX, stat.fs_rights_inheriting), ENOTCAPABLE, EINVAL);
	CHECK_OK(__wasi_fd_fdstat_set_rights(fd, stat.fs_rights_base, stat.fs_rights_inheriting));
	CHECK_OK(__wasi_fd_fdstat_set_rights(fd, 0, 0));
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat)); /* fdstat_get needs no right */
	CHECK_EQ(stat.fs_rights_base, 0);
	CHECK_EQ(stat.fs_rights_inheriting, 0);
	CHECK_ERRNO(__wasi_fd_fdstat_set_rights(99, 0, 0), EBADF);
	close_fd(fd);

	/* Rights that a directory cannot pass on. */
	int dir = open_dir("dir");
	CHECK_OK(__wasi_fd_fdstat_get(dir, &stat));
	__wasi_rights_t inheriting = stat.fs_rights_inheriting & ~(__wasi_rights_t)__WASI_RIGHTS_FD_WRITE;
	CHECK_OK(__wasi_fd_fdstat_set_rights(dir, stat.fs_rights_base, inheriting));
	CHECK_ERRNO(__wasi_fd_fdstat_set_rights(dir, stat.fs_rights_base, stat.fs_rights_inheriting), ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(dir, 0, "leaf", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE, 0, 0, &fd),
	            ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(dir, 0, "new", O_CREATE, __WASI_RIGHTS_FD_WRITE, 0, 0, &fd), ENOTCAPABLE);
	CHECK_ERRNO(look("dir/new"), ENOENT);
	CHECK_ERRNO(__wasi_path_open(dir, 0, "sub", O_DIR, 0, __WASI_RIGHTS_FD_WRITE, 0, &fd), ENOTCAPABLE);
	/* Rights that do not apply to the type of file are dropped. */
	CHECK_OK(__wasi_path_open(dir, 0, "leaf", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR,
	                          __WASI_RIGHTS_FD_WRITE, 0, &fd));
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	CHECK_EQ(stat.fs_rights_base, __WASI_RIGHTS_FD_READ);
	CHECK_EQ(stat.fs_rights_inheriting, 0);
	CHECK_OK(__wasi_path_open(dir, 0, "leaf", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd));
	CHECK_ERRNO(__wasi_fd_write(fd, (__wasi_ciovec_t *)&iov, 1, (__wasi_size_t *)out), EBADF, ENOTCAPABLE);
	return 0;
}
