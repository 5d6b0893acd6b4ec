// flags: -mbulk-memory
/* Measures the cost of system calls, on any host: for each row prints `NAME NANOSECONDS` (for one call), or `NAME errno N` if the call failed. Not a
 * test: it has no "guest" header.
 *
 *   bench-peers [MICROSECONDS [FD [PREFIX]]]     how long to measure each row (40,000), the directory's descriptor (3), and a path in it ("")
 *
 * It creates a folder "bench" there, and does not remove it. Because some hosts lack functions, it uses no more than the rows need, and each row
 * checks its results. A clock that ticks in milliseconds is enough for rows of tens of milliseconds. */
#include "../c/raw.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

enum { BLOCK = 1 << 20, MANY = 1000, OK = 0, WRONG = __WASI_ERRNO_IO };

static uint8_t block[BLOCK];
static uint32_t iov_1[2], iov_64k[2], iov_1m[2], result[4];
static uint64_t out[32];
static uint32_t root = 3, small_file, large_file, many;
static const char *prefix = "";
static char file_path[256], deep_path[256];

#define RIGHTS                                                                                                  \
	(__WASI_RIGHTS_POLL_FD_READWRITE | __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | \
	 __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET)

static void path_of(char *path, const char *name)
{
	snprintf(path, 256, "%s%s", prefix, name);
}

/* ---- the rows: each does its thing n times; OK or an errno ---- */

static uint32_t clock_time_get(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, P(out));
	return error;
}

static uint32_t filestat_get(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_fd_filestat_get(large_file, P(out));
	return error ? error : out[4] == BLOCK ? OK : WRONG;
}

static uint32_t pread_(uint32_t n, uint32_t file, uint32_t iov, uint32_t size)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_fd_pread(file, iov, 1, 0, P(result));
	return error ? error : result[0] == size ? OK : WRONG;
}

static uint32_t pwrite_(uint32_t n, uint32_t file, uint32_t iov, uint32_t size)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_fd_pwrite(file, iov, 1, 0, P(result));
	return error ? error : result[0] == size ? OK : WRONG;
}

static uint32_t pread_1(uint32_t n)
{
	return pread_(n, small_file, P(iov_1), 1);
}

static uint32_t pwrite_1(uint32_t n)
{
	return pwrite_(n, small_file, P(iov_1), 1);
}

static uint32_t pread_64k(uint32_t n)
{
	return pread_(n, large_file, P(iov_64k), 65536);
}

static uint32_t pwrite_64k(uint32_t n)
{
	return pwrite_(n, large_file, P(iov_64k), 65536);
}

static uint32_t pread_1m(uint32_t n)
{
	return pread_(n, large_file, P(iov_1m), BLOCK);
}

static uint32_t pwrite_1m(uint32_t n)
{
	return pwrite_(n, large_file, P(iov_1m), BLOCK);
}

static uint32_t read_64k(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++) {
		if (i % (BLOCK / 65536) == 0)
			error = raw_fd_seek(large_file, 0, __WASI_WHENCE_SET, P(out));
		if (!error)
			error = raw_fd_read(large_file, P(iov_64k), 1, P(result));
	}
	return error ? error : result[0] == 65536 ? OK : WRONG;
}

/* Writes one byte again and again, and starts anew after 64 KiB. */
static uint32_t write_1_file(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++) {
		if (i % 65536 == 0)
			error = raw_fd_seek(small_file, 0, __WASI_WHENCE_SET, P(out));
		if (!error)
			error = raw_fd_write(small_file, P(iov_1), 1, P(result));
	}
	return error;
}

static uint32_t random_get_16(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_random_get(P(out), 16);
	return error;
}

static uint32_t sched_yield_(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_sched_yield();
	return error;
}

/* No system call, but the floor of the calls that copy 64 KiB. */
static uint32_t memory_copy_64k(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		memcpy(block + BLOCK / 2, block, 65536); /* memory.copy: this file is built with -mbulk-memory */
		__asm__ volatile("" ::"r"(block) : "memory");
	}
	return OK;
}

static uint32_t open_close(uint32_t n)
{
	uint32_t error = OK, size = (uint32_t)strlen(file_path);
	for (uint32_t i = 0; i < n && !error; i++) {
		error = raw_path_open(root, 0, P(file_path), size, 0, __WASI_RIGHTS_FD_READ, 0, 0, P(result));
		if (!error)
			error = raw_fd_close(result[0]);
	}
	return error;
}

static uint32_t create_unlink(uint32_t n)
{
	uint32_t error = OK, size;
	char path[256];

	path_of(path, "bench/new");
	size = (uint32_t)strlen(path);
	for (uint32_t i = 0; i < n && !error; i++) {
		error = raw_path_open(root, 0, P(path), size, __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE, 0, 0, P(result));
		if (!error)
			error = raw_fd_close(result[0]);
		if (!error)
			error = raw_path_unlink_file(root, P(path), size);
	}
	return error;
}

static uint32_t poll_1_ready(uint32_t n)
{
	static __wasi_subscription_t sub;
	static __wasi_event_t event;
	uint32_t error = OK;

	sub.u.tag = __WASI_EVENTTYPE_FD_READ;
	sub.u.u.fd_read.file_descriptor = small_file;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_poll_oneoff(P(&sub), P(&event), 1, P(result));
	return error ? error : result[0] == 1 && event.error == 0 ? OK : WRONG;
}

/* One call lists all 1,000 names, and "." and ".." if the host has them. */
static uint32_t readdir_1000(uint32_t n)
{
	uint32_t error = OK;
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_fd_readdir(many, P(block), 65536, 0, P(result));
	return error ? error : result[0] > MANY * (24 + 6) && result[0] < 65536 ? OK : WRONG;
}

static uint32_t stat_8_deep(uint32_t n)
{
	uint32_t error = OK, size = (uint32_t)strlen(deep_path);
	for (uint32_t i = 0; i < n && !error; i++)
		error = raw_path_filestat_get(root, 0, P(deep_path), size, P(out));
	return error ? error : out[4] == 1 ? OK : WRONG;
}

static const struct row {
	const char *name;
	uint32_t (*run)(uint32_t n);
} rows[] = {
	{"clock_time_get", clock_time_get},
	{"fd_filestat_get", filestat_get},
	{"fd_pread_1", pread_1},
	{"fd_pwrite_1", pwrite_1},
	{"open_close", open_close},
	{"fd_readdir_1000", readdir_1000},
	{"path_filestat_get_8_deep", stat_8_deep},
	{"fd_pread_64k", pread_64k},
	{"fd_pwrite_64k", pwrite_64k},
	{"fd_pread_1m", pread_1m},
	{"fd_pwrite_1m", pwrite_1m},
	{"memory_copy_64k", memory_copy_64k},
	{"fd_read_64k", read_64k},
	{"fd_write_1_file", write_1_file},
	{"random_get_16", random_get_16},
	{"sched_yield", sched_yield_},
	{"create_unlink", create_unlink},
	{"poll_1_ready", poll_1_ready},
};

/* ---- what they need ---- */

static void make_dir(const char *name)
{
	char path[256];
	path_of(path, name);
	raw_path_create_directory(
		root, P(path), (uint32_t)strlen(path)); /* it may exist already; if creating it failed, the rows show that */
}

/* Returns the descriptor, or 2^32 - 1, with which all rows fail. */
static uint32_t open_(const char *name, uint32_t oflags, uint64_t rights)
{
	char path[256];
	uint32_t fd;
	path_of(path, name);
	return raw_path_open(root, 0, P(path), (uint32_t)strlen(path), oflags, rights, 0, 0, P(&fd)) ? UINT32_MAX : fd;
}

static uint32_t make_file(const char *name, uint32_t iov)
{
	uint32_t fd = open_(name, __WASI_OFLAGS_CREAT, RIGHTS);
	if (iov)
		raw_fd_pwrite(fd, iov, 1, 0, P(result));
	return fd;
}

static void set_iov(uint32_t *iov, uint32_t size)
{
	iov[0] = P(block);
	iov[1] = size;
}

static void prepare(void)
{
	char name[256] = "bench";

	set_iov(iov_1, 1);
	set_iov(iov_64k, 65536);
	set_iov(iov_1m, BLOCK);
	make_dir(name);
	small_file = make_file("bench/file", P(iov_1));
	large_file = make_file("bench/block", P(iov_1m));
	make_dir("bench/many");
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "bench/many/name-%d", i);
		raw_fd_close(make_file(name, 0));
	}
	many = open_("bench/many", __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READDIR);
	strcpy(name, "bench");
	for (int i = 1; i < 8; i++) {
		snprintf(name + strlen(name), 8, "/%d", i);
		make_dir(name);
	}
	strcat(name, "/leaf");
	raw_fd_close(make_file(name, P(iov_1)));
	path_of(deep_path, name);
	path_of(file_path, "bench/file");
}

/* ---- measuring ---- */

static uint64_t now(void)
{
	uint64_t time = 0;
	raw_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, P(&time));
	return time;
}

static void measure(const struct row *row, uint64_t nanoseconds)
{
	uint64_t count = 2, took;
	uint32_t error;
	bool measured = false;

	/* Warms up, and finds how many calls take that long. A slow moment of the machine does not distort the result. */
	for (;; count *= 2) {
		uint64_t start = now();
		error = row->run((uint32_t)count);
		took = now() - start;
		if (error || (took >= nanoseconds && measured) || count > 1u << 26)
			break;
		measured = took >= nanoseconds;
		if (measured)
			count /= 2; /* measure the same count again */
	}
	if (error)
		printf("%s errno %u\n", row->name, error);
	else
		printf("%s %.2f\n", row->name, (double)took / (double)count);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t nanoseconds = (uint64_t)(argc > 1 ? atoi(argv[1]) : 40000) * 1000;

	if (argc > 2)
		root = (uint32_t)atoi(argv[2]);
	if (argc > 3)
		prefix = argv[3];
	prepare();
	for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++)
		measure(row, nanoseconds);
	return 0;
}
