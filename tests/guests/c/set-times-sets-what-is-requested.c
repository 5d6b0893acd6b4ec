/* fd_filestat_set_times and path_filestat_set_times: each time alone, both together, and the current time, to the nanosecond; a given time and the
 * current time at once fail with EINVAL.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

#define ATIM __WASI_FSTFLAGS_ATIM
#define ATIM_NOW __WASI_FSTFLAGS_ATIM_NOW
#define MTIM __WASI_FSTFLAGS_MTIM
#define MTIM_NOW __WASI_FSTFLAGS_MTIM_NOW

static int file;

static unsigned by_fd(uint64_t atim, uint64_t mtim, unsigned flags)
{
	return raw_fd_filestat_set_times((uint32_t)file, atim, mtim, flags);
}

static unsigned by_path(uint64_t atim, uint64_t mtim, unsigned flags)
{
	return raw_path_filestat_set_times(ROOT, 0, P("file"), 4, atim, mtim, flags);
}

static void expect(uint64_t atim, uint64_t mtim)
{
	__wasi_filestat_t stat = stat_path("file");
	CHECK_EQ(stat.atim, atim);
	CHECK_EQ(stat.mtim, mtim);
}

static void is_now(uint64_t time)
{
	CHECK_BETWEEN((int64_t)(now_of(__WASI_CLOCKID_REALTIME) - time), -INT64_C(50000000), INT64_C(10000000000));
}

/* Without flags nothing is set, not even ctim (like Linux with UTIME_OMIT for both). The clock advances in between, so a change of ctim would be seen. */
static void nothing_asked(unsigned (*set)(uint64_t, uint64_t, unsigned))
{
	uint64_t before = stat_path("file").ctim;
	while (now_of(__WASI_CLOCKID_REALTIME) <= before)
		continue;
	CHECK_OK(set(5, 6, 0));
	CHECK_EQ(stat_path("file").ctim, before);
}

static void each_way(unsigned (*set)(uint64_t, uint64_t, unsigned))
{
	uint64_t a = UINT64_C(1234567890123456789), m = UINT64_C(987654321987654321);

	CHECK_OK(set(a, m, ATIM | MTIM));
	expect(a, m);
	nothing_asked(set);
	expect(a, m);
	CHECK_OK(set(a + 1, 0, ATIM));
	expect(a + 1, m);
	CHECK_OK(set(0, m + 1, MTIM));
	expect(a + 1, m + 1);
	CHECK_OK(set(0, 0, ATIM | MTIM)); /* 1970 is a time like any other */
	expect(0, 0);

	CHECK_OK(set(0, m, ATIM_NOW | MTIM));
	is_now(stat_path("file").atim);
	CHECK_EQ(stat_path("file").mtim, m);
	CHECK_OK(set(a, 0, ATIM | MTIM_NOW));
	CHECK_EQ(stat_path("file").atim, a);
	is_now(stat_path("file").mtim);
	is_now(stat_path("file").ctim);

	CHECK_OK(set(a, m, ATIM | MTIM));
	CHECK_ERRNO(set(1, 1, ATIM | ATIM_NOW), EINVAL);
	CHECK_ERRNO(set(1, 1, MTIM | MTIM_NOW), EINVAL);
	CHECK_ERRNO(set(1, 1, ATIM | ATIM_NOW | MTIM), EINVAL);
	CHECK_ERRNO(set(1, 1, 0xf), EINVAL);
	CHECK_ERRNO(set(1, 1, 0x10), EINVAL);
	CHECK_ERRNO(set(1, 1, 0xffff), EINVAL);
	expect(a, m);
}

int main(void)
{
	file = open_file("file", O_CREATE);
	each_way(by_fd);
	each_way(by_path);

	/* On a link itself, and through a link. */
	uint64_t before = stat_path("file").mtim;
	CHECK_OK(__wasi_path_symlink("file", ROOT, "link"));
	CHECK_OK(__wasi_path_filestat_set_times(ROOT, 0, "link", 0, 111, MTIM));
	CHECK_EQ(stat_path("link").mtim, 111);
	CHECK_EQ(stat_path("file").mtim, before);
	CHECK_OK(__wasi_path_filestat_set_times(ROOT, FOLLOW, "link", 0, 222, MTIM));
	CHECK_EQ(stat_path("link").mtim, 111);
	CHECK_EQ(stat_path("file").mtim, 222);

	/* On directories. */
	make_dir("dir");
	CHECK_OK(__wasi_path_filestat_set_times(ROOT, 0, "dir", 333, 444, ATIM | MTIM));
	CHECK_EQ(stat_path("dir").mtim, 444);
	CHECK_OK(__wasi_fd_filestat_set_times(ROOT, 555, 666, ATIM | MTIM));
	CHECK_EQ(stat_fd(ROOT).mtim, 666);

	CHECK_ERRNO(raw_fd_filestat_set_times(99, 0, 0, 0), EBADF);
	CHECK_ERRNO(raw_path_filestat_set_times(99, 0, P("file"), 4, 0, 0, 0), EBADF);
	CHECK_ERRNO(raw_path_filestat_set_times(ROOT, 0, P("gone"), 4, 0, 0, MTIM), ENOENT);
	CHECK_ERRNO(raw_path_filestat_set_times(ROOT, 2, P("file"), 4, 0, 0, MTIM), EINVAL);
	return 0;
}
