// forms: wrapped
/* Writing changes mtime and ctime, reading does not; creating and removing names changes the directory's; renaming changes at most ctime.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

#include <time.h>

/* Long enough that the next time differs, however coarse the host's clock is. */
static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

int main(void)
{
	char got[8];
	uint64_t start = now_of(__WASI_CLOCKID_REALTIME);
	int fd = open_file("file", O_CREATE);
	__wasi_filestat_t fresh = stat_fd(fd), now;

	CHECK_BETWEEN((int64_t)(fresh.mtim - start), -INT64_C(50000000), INT64_C(10000000000));
	wait_a_little();
	write_all(fd, "data", 4);
	now = stat_fd(fd);
	CHECK(now.mtim > fresh.mtim);
	CHECK(now.ctim > fresh.ctim);

	fresh = now;
	wait_a_little();
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, sizeof got), 4);
	now = stat_fd(fd);
	CHECK_EQ(now.mtim, fresh.mtim);
	CHECK_EQ(now.ctim, fresh.ctim);

	wait_a_little();
	CHECK_OK(__wasi_fd_filestat_set_size(fd, 2));
	CHECK(stat_fd(fd).mtim > fresh.mtim);

	make_dir("dir");
	uint64_t before = stat_path("dir").mtim;
	wait_a_little();
	put_file("dir/new", "x");
	uint64_t after = stat_path("dir").mtim;
	CHECK(after > before);
	wait_a_little();
	put_file("dir/new", "y"); /* no name was added or removed */
	CHECK_EQ(stat_path("dir").mtim, after);
	CHECK_OK(__wasi_path_unlink_file(ROOT, "dir/new"));
	CHECK(stat_path("dir").mtim > after);

	fresh = stat_path("file");
	wait_a_little();
	CHECK_OK(__wasi_path_rename(ROOT, "file", ROOT, "renamed"));
	CHECK_EQ(stat_path("renamed").mtim, fresh.mtim);
	CHECK_EQ(stat_path("renamed").ino, fresh.ino);
	return 0;
}
