/* Every pointer argument of every function, pointing at the end of memory, across it, and at the end of the address space: the call fails with
 * EFAULT, there is no trap, no kernel memory is read or written, and the process continues.
 *
 * guest:
 *   dir: /
 *   args: argument
 *   env: A=B
 *   stdin: "text"
 */
#include "fs.h"
#include "raw.h"

static uint64_t good[64];
static uint32_t iov[2];

/* One call with one bad pointer. */
#define BAD(call)                                                     \
	do {                                                              \
		for (size_t i = 0; i < sizeof places / sizeof *places; i++) { \
			bad = places[i];                                          \
			CHECK_ERRNO(call, EFAULT);                                \
		}                                                             \
	} while (0)

int main(void)
{
	uint32_t end = memory_end(), bad;
	const uint32_t places[] = {end,        end - 1,    end + 4,    end + 65536, 0x7ffffffc,
	                           0x80000000, 0xfffffff0, 0xfffffffc, 0xffffffff};
	uint32_t file = (uint32_t)open_file("file", O_CREATE), g = P(good), v = P(iov);

	CHECK_OK(__wasi_path_symlink("file", ROOT, "link"));
	iov[0] = g;
	iov[1] = 4;

	BAD(raw_args_get(bad, g));
	BAD(raw_args_sizes_get(bad, g));
	BAD(raw_args_sizes_get(g, bad));
	BAD(raw_environ_get(bad, g));
	BAD(raw_environ_sizes_get(bad, g));
	BAD(raw_environ_sizes_get(g, bad));
	BAD(raw_clock_res_get(1, bad));
	BAD(raw_clock_time_get(1, 0, bad));
	BAD(raw_fd_fdstat_get(file, bad));
	BAD(raw_fd_filestat_get(file, bad));
	BAD(raw_fd_pread(file, bad, 1, 0, g));
	BAD(raw_fd_pread(file, v, 1, 0, bad));
	BAD(raw_fd_prestat_get(ROOT, bad));
	BAD(raw_fd_pwrite(file, bad, 1, 0, g));
	BAD(raw_fd_pwrite(file, v, 1, 0, bad));
	BAD(raw_fd_read(file, bad, 1, g));
	BAD(raw_fd_read(file, v, 1, bad));
	BAD(raw_fd_readdir(ROOT, bad, 100, 0, g));
	BAD(raw_fd_readdir(ROOT, g, 100, 0, bad));
	BAD(raw_fd_seek(file, 0, __WASI_WHENCE_CUR, bad));
	BAD(raw_fd_tell(file, bad));
	BAD(raw_fd_write(file, bad, 1, g));
	BAD(raw_fd_write(file, v, 1, bad));
	BAD(raw_fd_write(1, bad, 1, g));
	BAD(raw_fd_read(0, bad, 1, g));
	BAD(raw_path_create_directory(ROOT, bad, 4));
	BAD(raw_path_filestat_get(ROOT, 0, bad, 4, g));
	BAD(raw_path_filestat_get(ROOT, 0, P("file"), 4, bad));
	BAD(raw_path_filestat_set_times(ROOT, 0, bad, 4, 0, 0, 0));
	BAD(raw_path_link(ROOT, 0, bad, 4, ROOT, P("new"), 3));
	BAD(raw_path_link(ROOT, 0, P("file"), 4, ROOT, bad, 3));
	BAD(raw_path_open(ROOT, 0, bad, 4, 0, 0, 0, 0, g));
	BAD(raw_path_open(ROOT, 0, P("file"), 4, 0, 0, 0, 0, bad));
	BAD(raw_path_readlink(ROOT, bad, 4, g, 8, g + 8));
	BAD(raw_path_readlink(ROOT, P("link"), 4, bad, 8, g + 8));
	BAD(raw_path_readlink(ROOT, P("link"), 4, g, 8, bad));
	BAD(raw_path_remove_directory(ROOT, bad, 4));
	BAD(raw_path_rename(ROOT, bad, 4, ROOT, P("new"), 3));
	BAD(raw_path_rename(ROOT, P("file"), 4, ROOT, bad, 3));
	BAD(raw_path_symlink(bad, 4, ROOT, P("new"), 3));
	BAD(raw_path_symlink(P("file"), 4, ROOT, bad, 3));
	BAD(raw_path_unlink_file(ROOT, bad, 4));
	BAD(raw_poll_oneoff(bad, g, 1, g + 100));
	BAD(raw_random_get(bad, 8));

	/* A failed open leaves no descriptor behind. */
	CHECK_EQ(open_file("file", 0), (int)file + 1);
	/* Nothing was renamed, written or read. */
	CHECK_EQ(stat_fd((int)file).size, 0);
	CHECK_ERRNO(look("new"), ENOENT);
	CHECK_EQ(read_some(0, good, sizeof good), 4);
	return 0;
}
