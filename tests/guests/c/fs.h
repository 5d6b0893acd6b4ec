/* fs.h - helpers for file tests. If one of them fails, the test fails. */
#ifndef GUEST_FS_H
#define GUEST_FS_H

#include "check.h"

/* The first preopened directory; tests that use files say "dir: /". */
#define ROOT 3

#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define O_CREATE __WASI_OFLAGS_CREAT
#define O_DIR __WASI_OFLAGS_DIRECTORY
#define O_EXCLUSIVE __WASI_OFLAGS_EXCL
#define O_TRUNCATE __WASI_OFLAGS_TRUNC

#define FILE_RIGHTS                                                                                                  \
	(__WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | \
	 __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ADVISE |              \
	 __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE |                \
	 __WASI_RIGHTS_FD_FILESTAT_SET_TIMES | __WASI_RIGHTS_POLL_FD_READWRITE)
#define READ_RIGHTS \
	(FILE_RIGHTS & ~(__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE))

/* Every right except those that only files have. */
#define DIRECTORY_RIGHTS \
	(~FILE_RIGHTS | __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES)

/* All rights that `fd` passes on to its files. */
static inline __wasi_rights_t inheriting_of(int fd)
{
	__wasi_fdstat_t stat;
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	return stat.fs_rights_inheriting;
}

/* Returns the error number of opening `path` below `dir`. */
static inline unsigned try_open(int dir, const char *path, unsigned lookup, unsigned oflags, __wasi_rights_t rights,
                                unsigned fdflags, int *fd)
{
	__wasi_rights_t mask = inheriting_of(dir);
	return __wasi_path_open(dir, lookup, path, (__wasi_oflags_t)oflags, rights & mask, mask, (__wasi_fdflags_t)fdflags,
	                        fd);
}

static inline int open_at(int dir, const char *path, unsigned oflags, __wasi_rights_t rights)
{
	int fd = -1;
	CHECK_OK(try_open(dir, path, FOLLOW, oflags, rights, 0, &fd));
	CHECK(fd >= 0);
	return fd;
}

/* Opens for reading and writing. */
static inline int open_file(const char *path, unsigned oflags)
{
	return open_at(ROOT, path, oflags, FILE_RIGHTS);
}

/* Opens with every right that a directory can have. */
static inline int open_dir(const char *path)
{
	return open_at(ROOT, path, O_DIR, DIRECTORY_RIGHTS);
}

static inline void close_fd(int fd)
{
	CHECK_OK(__wasi_fd_close(fd));
}

static inline size_t write_all(int fd, const void *data, size_t size)
{
	__wasi_ciovec_t iov = {data, size};
	__wasi_size_t written = 0;
	CHECK_OK(__wasi_fd_write(fd, &iov, 1, &written));
	CHECK_EQ(written, size);
	return written;
}

/* Reads up to `size` bytes; returns how many. */
static inline size_t read_some(int fd, void *data, size_t size)
{
	__wasi_iovec_t iov = {data, size};
	__wasi_size_t got = 0;
	CHECK_OK(__wasi_fd_read(fd, &iov, 1, &got));
	CHECK(got <= size);
	return got;
}

static inline uint64_t seek_to(int fd, int64_t offset, unsigned whence)
{
	__wasi_filesize_t at = UINT64_MAX;
	CHECK_OK(__wasi_fd_seek(fd, offset, (__wasi_whence_t)whence, &at));
	return at;
}

/* Creates a file with this text, or replaces an existing one. */
static inline void put_file(const char *path, const char *text)
{
	int fd = open_file(path, O_CREATE | O_TRUNCATE);
	if (*text)
		write_all(fd, text, strlen(text));
	close_fd(fd);
}

/* Checks that the file holds exactly this text (of less than 4 KiB). */
static inline void expect_file(const char *path, const char *text)
{
	char got[4096];
	int fd = open_at(ROOT, path, 0, READ_RIGHTS);
	size_t size = read_some(fd, got, sizeof got);
	CHECK_EQ(size, strlen(text));
	CHECK_BYTES(got, text, size);
	close_fd(fd);
}

static inline void make_dir(const char *path)
{
	CHECK_OK(__wasi_path_create_directory(ROOT, path));
}

static inline __wasi_filestat_t stat_path(const char *path)
{
	__wasi_filestat_t stat;
	CHECK_OK(__wasi_path_filestat_get(ROOT, 0, path, &stat));
	return stat;
}

static inline __wasi_filestat_t stat_fd(int fd)
{
	__wasi_filestat_t stat;
	CHECK_OK(__wasi_fd_filestat_get(fd, &stat));
	return stat;
}

/* Returns the error number of a stat of `path` itself: 0 if it exists. */
static inline unsigned look(const char *path)
{
	__wasi_filestat_t stat;
	return __wasi_path_filestat_get(ROOT, 0, path, &stat);
}

static inline uint64_t now_of(__wasi_clockid_t clock)
{
	__wasi_timestamp_t now = 0;
	CHECK_OK(__wasi_clock_time_get(clock, 1, &now));
	return now;
}

#endif
