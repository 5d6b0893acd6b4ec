/* What each call on a descriptor returns for a file, a directory, a stream, a device, a descriptor without the right, one that is not
 * open for it, and a closed one. */
#include "fs/devfs.h"
#include "support/program.h"

#include <stdio.h>

enum { OUT = 64, IOVS = 256, NONE = 99 };

static struct program *program;
static uint32_t file, read_only, powerless, device, directory = 3, input = 0, output = 1;

/* The errno for each, in this order: a file; one open for reading only; one whose rights were all given up; a directory; a
 * stream that is read; one that is written; a device; none. */
#define CHECK_EACH(call, f, r, p, d, i, o, v)                                                              \
	do {                                                                                                   \
		const uint32_t fds[] = {file, read_only, powerless, directory, input, output, device, NONE};       \
		const uint32_t expected[] = {f, r, p, d, i, o, v, HF_EBADF};                                       \
		static const char *const kinds[] = {"file",  "read-only file", "powerless file", "directory",      \
		                                    "input", "output",         "device",         "no descriptor"}; \
		for (int k = 0; k < 8; k++) {                                                                      \
			uint32_t fd = fds[k], result = (call);                                                         \
			if (result != expected[k])                                                                     \
				fprintf(stderr, "of a %s:\n", kinds[k]);                                                   \
			check_err(__FILE__, __LINE__, #call, result, expected[k]);                                     \
		}                                                                                                  \
	} while (0)

static void prepare(void)
{
	CHECK_OK(f_put(program->fs.root, "/f", "0123456789"));
	CHECK_OK(hf_devfs_populate(program->fs.root));
	file = open_path(program, "f", 0, READ_WRITE, 0);
	read_only = open_path(program, "f", 0, READ_WRITE & ~HF_RIGHT_FD_WRITE, 0);
	powerless = open_path(program, "f", 0, READ_WRITE, 0);
	device = open_path(program, "dev/null", 0, READ_WRITE, 0);
	CHECK_ERR(hf_p1_fd_fdstat_set_rights(powerless, 0, 0), 0);
	poke_iov(program, IOVS, 512, 4);
	CHECK_EQ(program_feed(program, "some input", 10), 10);
}

static void check_data(void)
{
	CHECK_EACH(hf_p1_fd_read(fd, IOVS, 1, OUT), 0, 0, HF_EBADF, HF_EBADF, 0, HF_EBADF, 0);
	CHECK_EACH(hf_p1_fd_write(fd, IOVS, 1, OUT), 0, HF_EBADF, HF_EBADF, HF_EBADF, HF_EBADF, 0, 0);
	CHECK_EACH(hf_p1_fd_pread(fd, IOVS, 1, 0, OUT), 0, 0, HF_EBADF, HF_EBADF, HF_ESPIPE, HF_EBADF, HF_ESPIPE);
	CHECK_EACH(hf_p1_fd_pwrite(fd, IOVS, 1, 0, OUT), 0, HF_EBADF, HF_EBADF, HF_EBADF, HF_EBADF, HF_ESPIPE, HF_ESPIPE);
	CHECK_EACH(hf_p1_fd_seek(fd, 1, HF_WHENCE_SET, OUT), 0, 0, HF_ENOTCAPABLE, HF_ENOTCAPABLE, HF_ESPIPE, HF_ESPIPE,
	           HF_ESPIPE);
	CHECK_EACH(hf_p1_fd_tell(fd, OUT), 0, 0, HF_ENOTCAPABLE, HF_ENOTCAPABLE, HF_ESPIPE, HF_ESPIPE, HF_ESPIPE);
}

static void check_size(void)
{
	CHECK_EACH(hf_p1_fd_filestat_set_size(fd, 20), 0, HF_EINVAL, HF_ENOTCAPABLE, HF_EISDIR, HF_EINVAL, HF_EINVAL,
	           HF_EINVAL);
	CHECK_EACH(hf_p1_fd_allocate(fd, 0, 30), 0, HF_EBADF, HF_ENOTCAPABLE, HF_EBADF, HF_ESPIPE, HF_ESPIPE, HF_ENODEV);
	CHECK_EACH(hf_p1_fd_advise(fd, 0, 0, 3), 0, 0, HF_ENOTCAPABLE, HF_EBADF, HF_ESPIPE, HF_ESPIPE, 0);
	CHECK_EACH(hf_p1_fd_sync(fd), 0, 0, HF_ENOTCAPABLE, 0, HF_EINVAL, HF_EINVAL, 0);
	CHECK_EACH(hf_p1_fd_datasync(fd), 0, 0, HF_ENOTCAPABLE, 0, HF_EINVAL, HF_EINVAL, 0);
	CHECK_EQ(f_size(program->fs.root), 0);
}

static void check_attributes(void)
{
	CHECK_EACH(hf_p1_fd_fdstat_get(fd, OUT), 0, 0, 0, 0, 0, 0, 0);
	CHECK_EACH(hf_p1_fd_filestat_get(fd, OUT), 0, 0, HF_ENOTCAPABLE, 0, 0, 0, 0);
	CHECK_EACH(hf_p1_fd_filestat_set_times(fd, 5, 6, HF_FST_ATIM | HF_FST_MTIM_NOW), 0, 0, HF_ENOTCAPABLE, 0, HF_EINVAL,
	           HF_EINVAL, HF_EPERM);
	CHECK_ERR(hf_p1_fd_filestat_set_times(file, 5, 6, HF_FST_ATIM | HF_FST_ATIM_NOW), HF_EINVAL);
}

static void check_rest(void)
{
	CHECK_EACH(hf_p1_fd_prestat_get(fd, OUT), HF_EBADF, HF_EBADF, HF_EBADF, 0, HF_EBADF, HF_EBADF, HF_EBADF);
	CHECK_EACH(hf_p1_fd_prestat_dir_name(fd, OUT, 10), HF_ENOTDIR, HF_ENOTDIR, HF_ENOTDIR, 0, HF_ENOTDIR, HF_ENOTDIR,
	           HF_ENOTDIR);
	CHECK_ERR(hf_p1_fd_prestat_dir_name(directory, OUT, 0), HF_ENAMETOOLONG);
	CHECK_EACH(hf_p1_fd_readdir(fd, 512, 64, 0, OUT), HF_ENOTDIR, HF_ENOTDIR, HF_ENOTDIR, 0, HF_ENOTDIR, HF_ENOTDIR,
	           HF_ENOTDIR);
	CHECK_EACH(hf_p1_path_unlink_file(fd, 1024, poke_text(program, 1024, "no")), HF_ENOTDIR, HF_ENOTDIR, HF_ENOTDIR,
	           HF_ENOENT, HF_ENOTDIR, HF_ENOTDIR, HF_ENOTDIR);
	CHECK_EACH(hf_p1_sock_recv(fd, IOVS, 1, 0, OUT, OUT), HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK,
	           HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK);
	CHECK_EACH(hf_p1_sock_send(fd, IOVS, 1, 0, OUT), HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK,
	           HF_ENOTSOCK, HF_ENOTSOCK);
	CHECK_EACH(hf_p1_sock_shutdown(fd, 1), HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK,
	           HF_ENOTSOCK);
	CHECK_EACH(hf_p1_sock_accept(fd, 0, OUT), HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK, HF_ENOTSOCK,
	           HF_ENOTSOCK, HF_ENOTSOCK);
	CHECK_ERR(hf_p1_sock_shutdown(output, 0), HF_EINVAL);
	CHECK_ERR(hf_p1_clock_res_get(9, OUT), HF_EINVAL);
}

/* Flags are the description's; APPEND takes effect at once. */
static void check_flags(void)
{
	CHECK_EACH(hf_p1_fd_fdstat_set_flags(fd, HF_FDFLAG_NONBLOCK), 0, 0, HF_ENOTCAPABLE, 0, 0, 0, 0);
	poke_iov(program, IOVS, 512, 100);
	CHECK_ERR(hf_p1_fd_read(input, IOVS, 1, OUT), 0);
	CHECK_ERR(hf_p1_fd_read(input, IOVS, 1, OUT), HF_EAGAIN);
	CHECK_ERR(hf_p1_fd_fdstat_set_flags(file, HF_FDFLAG_APPEND), 0);
	CHECK_ERR(hf_p1_fd_fdstat_get(file, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), HF_FILETYPE_REGULAR_FILE | HF_FDFLAG_APPEND << 16);
	poke_iov(program, IOVS, 512, 1);
	CHECK_ERR(hf_p1_fd_write(file, IOVS, 1, OUT), 0);
	CHECK_ERR(hf_p1_fd_tell(file, OUT), 0);
	CHECK_EQ(peek_u64(program, OUT), 31);
	/* Rights that a directory gave up. */
	CHECK_ERR(hf_p1_fd_fdstat_set_rights(directory, 0, 0), 0);
	CHECK_ERR(hf_p1_fd_readdir(directory, 512, 64, 0, OUT), HF_ENOTCAPABLE);
	CHECK_ERR(hf_p1_path_unlink_file(directory, 1024, 1), HF_ENOTCAPABLE);
}

int main(void)
{
	program = program_begin();
	prepare();
	check_data();
	check_size();
	check_attributes();
	check_rest();
	check_flags();
	program_end(program);
	return done();
}
