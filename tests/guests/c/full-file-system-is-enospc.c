/* Calls that need more space than is free fail with ENOSPC and change nothing; removing something frees space.
 *
 * guest:
 *   dir: /
 *   memory: 8MiB
 */
#include "fs.h"

static char block[1 << 16];
static __wasi_ciovec_t iov = {(uint8_t *)block, sizeof block};

/* Writes until nothing more fits. */
static unsigned fill_bytes(int fd)
{
	__wasi_size_t written;
	unsigned error;
	iov.buf_len = sizeof block;
	while ((error = __wasi_fd_write(fd, &iov, 1, &written)) == 0)
		CHECK(written > 0);
	return error;
}

/* Creates names until one does not fit. Returns the error, and the number of names. */
static unsigned fill_names(unsigned (*make)(const char *name), int *count)
{
	char name[32];
	unsigned error = 0;
	for (*count = 0; error == 0; *count += error == 0) {
		snprintf(name, sizeof name, "name-%d", *count);
		error = make(name);
	}
	CHECK_ERRNO(look(name), ENOENT);
	return error;
}

static void remove_names(int count, __wasi_errno_t (*removal)(__wasi_fd_t dir, const char *name))
{
	char name[32];
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof name, "name-%d", i);
		CHECK_OK(removal(ROOT, name));
	}
}

static unsigned make_file(const char *name)
{
	int fd;
	unsigned error = try_open(ROOT, name, 0, O_CREATE, 0, 0, &fd);
	if (error == 0)
		close_fd(fd);
	return error;
}

static unsigned make_folder(const char *name)
{
	return __wasi_path_create_directory(ROOT, name);
}

static unsigned make_symlink(const char *name)
{
	return __wasi_path_symlink("x", ROOT, name);
}

static unsigned make_link(const char *name)
{
	return __wasi_path_link(ROOT, 0, "file", ROOT, name);
}

static void check_bytes(void)
{
	__wasi_size_t written;
	int fd = open_file("file", O_CREATE);
	CHECK_ERRNO(fill_bytes(fd), ENOSPC);
	__wasi_filesize_t size = stat_fd(fd).size;
	CHECK_BETWEEN(size, 1 << 20, 8 << 20);
	CHECK_ERRNO(__wasi_fd_pwrite(fd, &iov, 1, size + (1 << 20), &written), ENOSPC);
	CHECK_ERRNO(__wasi_fd_allocate(fd, size, 1 << 20), ENOSPC);
	CHECK_EQ(stat_fd(fd).size, size);
	CHECK_OK(__wasi_fd_filestat_set_size(fd, size * 1000)); /* a hole takes no space */
	CHECK_OK(__wasi_fd_filestat_set_size(fd, size - sizeof block));
	CHECK_OK(__wasi_fd_pwrite(fd, &iov, 1, size - sizeof block, &written));
	CHECK_OK(__wasi_fd_filestat_set_size(fd, 0));
	close_fd(fd);
}

int main(void)
{
	int count;
	check_bytes();
	CHECK_ERRNO(fill_names(make_file, &count), ENOSPC);
	CHECK_BETWEEN(count, 100, 100000);
	CHECK_ERRNO(make_folder("new"), ENOSPC);
	CHECK_ERRNO(make_symlink("new"), ENOSPC);
	CHECK_ERRNO(make_link("new"), ENOSPC);
	/* A rename replaces the old name. */
	CHECK_OK(__wasi_path_rename(ROOT, "name-0", ROOT, "new"));
	CHECK_OK(__wasi_path_rename(ROOT, "new", ROOT, "name-0"));
	remove_names(count, __wasi_path_unlink_file);
	CHECK_ERRNO(fill_names(make_folder, &count), ENOSPC);
	remove_names(count, __wasi_path_remove_directory);
	CHECK_ERRNO(fill_names(make_symlink, &count), ENOSPC);
	remove_names(count, __wasi_path_unlink_file);
	CHECK_ERRNO(fill_names(make_link, &count), ENOSPC);
	remove_names(count, __wasi_path_unlink_file);
	put_file("new", "there is space again");
	return 0;
}
