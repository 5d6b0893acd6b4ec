/* After fd_close every function returns EBADF for the descriptor; streams and preopened directories can be closed like any other.
 *
 * guest:
 *   dir: /
 *   expect-stdout: "before\n"
 */
#include "fs.h"
#include "raw.h"

static uint64_t out[16];

/* Every function that takes a descriptor. */
static void all_say_ebadf(uint32_t fd)
{
	CHECK_ERRNO(raw_fd_close(fd), EBADF);
	CHECK_ERRNO(raw_fd_advise(fd, 0, 0, 0), EBADF);
	CHECK_ERRNO(raw_fd_allocate(fd, 0, 1), EBADF);
	CHECK_ERRNO(raw_fd_datasync(fd), EBADF);
	CHECK_ERRNO(raw_fd_sync(fd), EBADF);
	CHECK_ERRNO(raw_fd_fdstat_get(fd, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_fdstat_set_flags(fd, 0), EBADF);
	CHECK_ERRNO(raw_fd_fdstat_set_rights(fd, 0, 0), EBADF);
	CHECK_ERRNO(raw_fd_filestat_get(fd, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_filestat_set_size(fd, 0), EBADF);
	CHECK_ERRNO(raw_fd_filestat_set_times(fd, 0, 0, 0), EBADF);
	CHECK_ERRNO(raw_fd_read(fd, P(out), 0, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_write(fd, P(out), 0, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_pread(fd, P(out), 0, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_pwrite(fd, P(out), 0, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_prestat_get(fd, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_prestat_dir_name(fd, P(out), 10), EBADF);
	CHECK_ERRNO(raw_fd_readdir(fd, P(out), 10, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_renumber(fd, fd), EBADF);
	CHECK_ERRNO(raw_fd_seek(fd, 0, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_fd_tell(fd, P(out)), EBADF);
	CHECK_ERRNO(raw_path_create_directory(fd, P("x"), 1), EBADF);
	CHECK_ERRNO(raw_path_filestat_get(fd, 0, P("x"), 1, P(out)), EBADF);
	CHECK_ERRNO(raw_path_filestat_set_times(fd, 0, P("x"), 1, 0, 0, 0), EBADF);
	CHECK_ERRNO(raw_path_link(fd, 0, P("x"), 1, fd, P("y"), 1), EBADF);
	CHECK_ERRNO(raw_path_open(fd, 0, P("x"), 1, 0, 0, 0, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_path_readlink(fd, P("x"), 1, P(out), 8, P(out + 2)), EBADF);
	CHECK_ERRNO(raw_path_remove_directory(fd, P("x"), 1), EBADF);
	CHECK_ERRNO(raw_path_rename(fd, P("x"), 1, fd, P("y"), 1), EBADF);
	CHECK_ERRNO(raw_path_symlink(P("x"), 1, fd, P("y"), 1), EBADF);
	CHECK_ERRNO(raw_path_unlink_file(fd, P("x"), 1), EBADF);
	CHECK_ERRNO(raw_sock_accept(fd, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_sock_recv(fd, P(out), 0, 0, P(out), P(out + 1)), EBADF);
	CHECK_ERRNO(raw_sock_send(fd, P(out), 0, 0, P(out)), EBADF);
	CHECK_ERRNO(raw_sock_shutdown(fd, 1), EBADF);
}

int main(void)
{
	int fd = open_file("file", O_CREATE);

	close_fd(fd);
	all_say_ebadf((uint32_t)fd);
	all_say_ebadf(0x7fffffff);
	all_say_ebadf(0x80000000);
	all_say_ebadf(0xffffffff);

	write_all(1, "before\n", 7);
	close_fd(1);
	close_fd(0);
	all_say_ebadf(0);
	all_say_ebadf(1);
	CHECK_EQ(open_file("file", 0), 0);
	close_fd(ROOT);
	all_say_ebadf(ROOT);
	return 0;
}
