/* unstable.h - shared by the tests of wasi_unstable (snapshot 0, before 2020): its functions and layouts, and checks without a libc. */
#ifndef GUEST_UNSTABLE_H
#define GUEST_UNSTABLE_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("wasi_unstable"), import_name(#name))) name

typedef uint32_t u;
typedef uint64_t U;

u IMPORT(args_get)(char **argv, char *buffer);
u IMPORT(args_sizes_get)(u *count, u *size);
u IMPORT(clock_time_get)(u id, U precision, U *out);
u IMPORT(environ_get)(char **environ, char *buffer);
u IMPORT(environ_sizes_get)(u *count, u *size);
u IMPORT(fd_close)(u fd);
u IMPORT(fd_fdstat_get)(u fd, void *out);
u IMPORT(fd_filestat_get)(u fd, void *out);
u IMPORT(fd_read)(u fd, const void *iovs, u count, u *out);
u IMPORT(fd_seek)(u fd, int64_t offset, u whence, U *out);
u IMPORT(fd_tell)(u fd, U *out);
u IMPORT(fd_write)(u fd, const void *iovs, u count, u *out);
u IMPORT(path_filestat_get)(u fd, u flags, const char *path, u size, void *out);
u IMPORT(path_open)(u fd, u dirflags, const char *path, u size, u oflags, U base, U inheriting, u fdflags, u *out);
u IMPORT(poll_oneoff)(const void *in, void *out, u count, u *events);
void IMPORT(proc_exit)(u code) __attribute__((noreturn));
u IMPORT(random_get)(void *buffer, u size);

enum { WHENCE_CUR = 0, WHENCE_END = 1, WHENCE_SET = 2 }; /* preview 1: SET, CUR, END */
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1 };
enum { EVENT_CLOCK = 0, EVENT_FD_READ = 1, EVENT_FD_WRITE = 2 };
enum { EBADF = 8, EEXIST = 20, EINVAL = 28 };

/* 56 bytes; preview 1 has a 64-bit nlink and 64 bytes. */
struct filestat {
	U dev, ino;
	uint8_t filetype;
	u nlink;
	U size, atim, mtim, ctim;
};
_Static_assert(sizeof(struct filestat) == 56 && offsetof(struct filestat, nlink) == 20 &&
                   offsetof(struct filestat, size) == 24,
               "layout");

/* 56 bytes; preview 1 has no identifier and 48 bytes. */
struct subscription {
	U userdata;
	uint8_t type;
	union {
		struct {
			U identifier;
			u clock_id;
			U timeout, precision;
			uint16_t flags;
		} clock;
		u fd;
	};
};
_Static_assert(sizeof(struct subscription) == 56 && offsetof(struct subscription, clock.timeout) == 32, "layout");

struct event {
	U userdata;
	uint16_t error;
	uint8_t type;
	U nbytes;
	uint16_t flags;
};
_Static_assert(sizeof(struct event) == 32 && offsetof(struct event, nbytes) == 16, "layout");

struct vector {
	const void *data;
	u size;
};

static inline void say(u fd, const char *text, u size)
{
	struct vector iov = {text, size};
	u written;
	if (fd_write(fd, &iov, 1, &written))
		proc_exit(101);
}

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
#define CHECK(condition)                                                                          \
	do {                                                                                          \
		if (!(condition)) {                                                                       \
			static const char text[] = __FILE__ ":" TEXT(__LINE__) ": " #condition " is false\n"; \
			say(2, text, sizeof text - 1);                                                        \
			proc_exit(1);                                                                         \
		}                                                                                         \
	} while (0)

#endif
