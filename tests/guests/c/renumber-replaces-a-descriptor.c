// forms: wrapped
/* fd_renumber moves a descriptor onto another that is open, closing that one; onto itself it does nothing. It works for stdio and preopens, too.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	__wasi_fdstat_t stat;
	__wasi_prestat_t prestat;
	char got[8];
	int a = open_file("a", O_CREATE), b = open_file("b", O_CREATE);
	uint64_t inode = stat_fd(a).ino;

	write_all(a, "123456", 6);
	seek_to(a, 2, __WASI_WHENCE_SET);
	CHECK_OK(__wasi_fd_renumber(a, a));
	CHECK_EQ(stat_fd(a).ino, inode);
	CHECK_OK(__wasi_fd_renumber(a, b));
	CHECK_ERRNO(__wasi_fd_fdstat_get(a, &stat), EBADF);
	CHECK_ERRNO(__wasi_fd_close(a), EBADF);
	CHECK_EQ(stat_fd(b).ino, inode);
	CHECK_EQ(read_some(b, got, 2), 2); /* the offset moved with the descriptor */
	CHECK_BYTES(got, "34", 2);

	CHECK_ERRNO(__wasi_fd_renumber(b, a), EBADF); /* the target must be open */
	CHECK_ERRNO(__wasi_fd_renumber(99, b), EBADF);
	CHECK_ERRNO(__wasi_fd_renumber(b, 99), EBADF);
	CHECK_ERRNO(__wasi_fd_renumber(99, 99), EBADF);
	CHECK_ERRNO(__wasi_fd_renumber(b, -1), EBADF);
	CHECK_EQ(read_some(b, got, 2), 2); /* refused calls closed nothing */
	CHECK_BYTES(got, "56", 2);

	/* From now on, output to stdout goes to the file. */
	CHECK_EQ(open_file("out", O_CREATE), a);
	CHECK_OK(__wasi_fd_renumber(a, 1));
	puts("to the file");
	CHECK(fflush(stdout) == 0);
	expect_file("out", "to the file\n");

	/* A preopened directory can be replaced; its replacement is not a preopen. */
	make_dir("dir");
	put_file("dir/x", "x");
	int dir = open_dir("dir");
	CHECK_OK(__wasi_fd_renumber(dir, ROOT));
	CHECK_OK(look("x"));
	CHECK_ERRNO(look("dir"), ENOENT);
	CHECK_ERRNO(__wasi_fd_prestat_get(ROOT, &prestat), EBADF);
	return 0;
}
