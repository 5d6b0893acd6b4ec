// flags: -mbulk-memory
/* Measures the cost of system calls: prints `NAME MIN MEDIAN MAX` for each, in nanoseconds per call. The rounds of all rows are interleaved, so that
 * a slow moment of the machine affects all rows equally.
 *
 *   bench-syscalls [ROUNDS [MICROSECONDS]]     the number of rounds (15), and how long one round of one row takes (4,000)
 *
 * Needs a directory preopened as "/", in which it creates a folder and removes it again. It measures writes to /dev/null if it can open that. Not a
 * test: it has no "guest" header. */
#include "../c/fs.h"
#include "../c/raw.h"
#include "rows.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 65536 };

static uint8_t block[BLOCK], other[BLOCK];
static uint32_t byte_iov[2], block_iov[2], result[4];
static uint64_t out[32];
static uint32_t file, block_file, many, null_fd;
static const char deep[] = "bench/1/2/3/4/5/6/7/leaf";

/* Each does its work `n` times. */
static void nothing(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
}

static void clock_time_get(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_clock_time_get(1, 0, P(out)));
}

static void random_get_16(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_random_get(P(out), 16));
}

static void pwrite_1(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_pwrite(file, P(byte_iov), 1, 0, P(result)));
}

static void pread_1(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_pread(file, P(byte_iov), 1, 0, P(result)));
}

static void write_1(uint32_t n)
{
	CHECK_OK(raw_fd_seek(file, 0, __WASI_WHENCE_SET, P(out)));
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_write(file, P(byte_iov), 1, P(result)));
}

static void write_1_null(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_write(null_fd, P(byte_iov), 1, P(result)));
}

static void pread_64k(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_pread(block_file, P(block_iov), 1, 0, P(result)));
}

static void pwrite_64k(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_pwrite(block_file, P(block_iov), 1, 0, P(result)));
}

/* Reads through a file of 1 MiB, then starts again. */
static void read_64k(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			CHECK_OK(raw_fd_seek(block_file, 0, __WASI_WHENCE_SET, P(out)));
		CHECK_OK(raw_fd_read(block_file, P(block_iov), 1, P(result)));
	}
}

static void memory_copy_64k(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		__builtin_memcpy(other, block, BLOCK); /* memory.copy: this file is built with -mbulk-memory */
		__asm__ volatile("" ::"r"(other) : "memory");
	}
}

static void fstat_(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_filestat_get(file, P(out)));
}

static void stat_8_deep(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_path_filestat_get(ROOT, 0, P(deep), sizeof deep - 1, P(out)));
}

static void open_close(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		CHECK_OK(raw_path_open(ROOT, 0, P("bench/file"), 10, 0, __WASI_RIGHTS_FD_READ, 0, 0, P(result)));
		CHECK_OK(raw_fd_close(result[0]));
	}
}

static void create_unlink(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		CHECK_OK(
			raw_path_open(ROOT, 0, P("bench/new"), 9, __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE, 0, 0, P(result)));
		CHECK_OK(raw_fd_close(result[0]));
		CHECK_OK(raw_path_unlink_file(ROOT, P("bench/new"), 9));
	}
}

/* One call of it reads all 1,002 entries. */
static void readdir_1000(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_fd_readdir(many, P(block), BLOCK, 0, P(result)));
	CHECK(result[0] > 1000 * 24 && result[0] < BLOCK);
}

static void poll_1_ready(uint32_t n)
{
	static __wasi_subscription_t sub;
	sub.u.tag = __WASI_EVENTTYPE_FD_READ;
	sub.u.u.fd_read.file_descriptor = (__wasi_fd_t)file;
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_poll_oneoff(P(&sub), P(out), 1, P(result)));
}

static void sched_yield_(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		CHECK_OK(raw_sched_yield());
}

struct row rows[] = {
	{.name = "nothing", .run = nothing},
	{.name = "memory_copy_64k", .run = memory_copy_64k},
	{.name = "sched_yield", .run = sched_yield_},
	{.name = "clock_time_get", .run = clock_time_get},
	{.name = "random_get_16", .run = random_get_16},
	{.name = "fd_pwrite_1", .run = pwrite_1},
	{.name = "fd_pread_1", .run = pread_1},
	{.name = "fd_write_1_file", .run = write_1},
	{.name = "fd_write_1_null", .run = write_1_null},
	{.name = "fd_read_64k", .run = read_64k},
	{.name = "fd_pread_64k", .run = pread_64k},
	{.name = "fd_pwrite_64k", .run = pwrite_64k},
	{.name = "fd_filestat_get", .run = fstat_},
	{.name = "path_filestat_get_8_deep", .run = stat_8_deep},
	{.name = "open_close", .run = open_close},
	{.name = "create_unlink", .run = create_unlink},
	{.name = "readdir_1000", .run = readdir_1000},
	{.name = "poll_1_ready", .run = poll_1_ready},
};
const uint32_t row_count = sizeof rows / sizeof *rows;

uint64_t now(void)
{
	return now_of(__WASI_CLOCKID_MONOTONIC);
}

static void prepare(void)
{
	char path[64] = "bench";

	null_fd = (uint32_t)open("/dev/null", O_WRONLY);
	make_dir("bench");
	for (int i = 1; i <= 7; i++) {
		snprintf(path + strlen(path), sizeof path - strlen(path), "/%d", i);
		make_dir(path);
	}
	put_file(deep, "leaf");
	make_dir("bench/many");
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, "bench/many/name-%d", i);
		put_file(path, "");
	}
	many = (uint32_t)open_dir("bench/many");
	file = (uint32_t)open_file("bench/file", O_CREATE);
	write_all((int)file, "x", 1);
	block_file = (uint32_t)open_file("bench/block", O_CREATE);
	for (int i = 0; i < 16; i++)
		write_all((int)block_file, block, BLOCK);
	byte_iov[0] = P(out);
	byte_iov[1] = 1;
	block_iov[0] = P(block);
	block_iov[1] = BLOCK;
}

static void clean_up(void)
{
	char path[64] = "bench/1/2/3/4/5/6/7";

	for (int i = 0; i < 1000; i++) {
		char name[64];
		snprintf(name, sizeof name, "bench/many/name-%d", i);
		CHECK_OK(__wasi_path_unlink_file(ROOT, name));
	}
	CHECK_OK(__wasi_path_remove_directory(ROOT, "bench/many"));
	CHECK_OK(__wasi_path_unlink_file(ROOT, deep));
	CHECK_OK(__wasi_path_unlink_file(ROOT, "bench/file"));
	CHECK_OK(__wasi_path_unlink_file(ROOT, "bench/block"));
	for (char *slash; (slash = strrchr(path, '/')) != NULL; *slash = '\0')
		CHECK_OK(__wasi_path_remove_directory(ROOT, path));
	CHECK_OK(__wasi_path_remove_directory(ROOT, "bench"));
}

int main(int argc, char **argv)
{
	prepare();
	if ((int)null_fd < 0)
		row_named("fd_write_1_null")->run = NULL;
	run_rows(argc, argv);
	clean_up();
	return 0;
}
