/* hostile.h - makes a random WASI call with hostile arguments, chosen by a random state that the caller keeps. Nothing here uses the stack in linear
 * memory, because without libc a second thread has none.
 *
 * All arguments are in the arena, the last pages of the memory, and results go to its upper part: addresses beyond it cause EFAULT, so the program's
 * own data is never overwritten. No call ends the program, waits forever, or removes the directory itself. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../c/raw.h"

enum {
	ARENA = 3 * 65536, /* bytes */
	PATHS = 0,         /* 16 texts, 64 bytes apart */
	LONG_PATH = 1024,  /* 5,000 bytes */
	IOVS = 8192,       /* 64 pieces */
	SUBS = 12288,      /* 128 subscriptions */
	RESULTS = 20480,
	DATA = 32768,
};

static uint32_t arena;

/* xorshift64*. The state belongs to the caller and is not 0. Returns 0 … limit - 1. */
static inline uint32_t below(uint64_t *s, uint32_t limit)
{
	uint64_t x = *s;
	x ^= x >> 12;
	x ^= x << 25;
	*s = x ^= x >> 27;
	return (uint32_t)(x * UINT64_C(0x2545f4914f6cdd1d) >> 33) % limit;
}
#define R(limit) below(s, limit)

static inline void put(uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(arena + at) = value;
}

static const char hostile_texts[16][16] = {"a",    "b",    "dir", "dir/a", "dir/b",    "link",  "loop",     "..",
                                           "../a", "dir/", "/a",  "new",   "\xff\xfe", "up/up", "dir/../a", ""};

/* Sizes of pieces: valid ones, and ones that are wrong in each way. */
static inline void change_piece(uint64_t *s)
{
	uint32_t at = IOVS + 8 * R(64), how = R(16);
	put(at, how == 0 ? 0xfffffff0 : how == 1 ? arena + ARENA - 4 : arena + DATA + R(32768));
	put(at + 4, how == 2 ? 0xffffffff : how == 3 ? 65536 : R(600));
}

/* Subscription 0 stays a clock that has expired, so no poll waits. */
static inline void change_subscription(uint64_t *s)
{
	uint32_t at = SUBS + 48 * (1 + R(127)), kind = R(5);
	put(at + 8, kind);
	put(at + 16, R(20) ? R(9) : R(1 << 30));
	put(at + 24, R(2) ? 0 : R(1 << 30));
	put(at + 40, R(3));
}

static inline void change_path(uint64_t *s)
{
	put(PATHS + 64 * R(16), R(4) ? 'a' | '/' << 8 | 'b' << 16 : R(1u << 31));
}

static inline void make_arena(uint32_t pages_at)
{
	arena = pages_at * 65536;
	for (uint32_t i = 0; i < 16; i++) {
		for (uint32_t j = 0; j < 16; j++)
			*(volatile char *)(uintptr_t)(arena + PATHS + 64 * i + j) = hostile_texts[i][j];
	}
	for (uint32_t i = 0; i < 5000; i += 4)
		put(LONG_PATH + i, 'd' | '/' << 8 | '.' << 16 | (uint32_t)'/' << 24);
	for (uint32_t i = 0; i < 64; i++) {
		put(IOVS + 8 * i, arena + DATA + 512 * i);
		put(IOVS + 8 * i + 4, 100);
	}
}

static inline void hostile_call(uint64_t *s)
{
#define ANY() (R(1u << 31) * 2 + R(2))
/* Results never go below RESULTS, where the subscriptions and the vectors are. */
#define WRONG() (R(2) ? arena + ARENA - R(8) : 0xffffffff - R(64))
#define POINTER() (R(8) ? arena + RESULTS + (R(2) ? 8 * R(64) : R(ARENA - RESULTS)) : WRONG())
#define SIZE() (R(8) ? R(300) : R(2) ? R(1 << 18) : 0xffffffff - R(1 << 16))
#define COUNT() (R(8) ? R(20) : R(2) ? R(1100) : ANY())
#define VECTOR() (R(12) ? arena + IOVS + 8 * R(8) : WRONG())
#define RESULT() (R(12) ? arena + RESULTS : POINTER())
#define FD() (R(6) ? 3 + R(10) : R(3) ? R(3) : ANY())
#define OWN_FD() (R(8) ? 5 + R(8) : 100 + ANY() % 0x7fffff00)
#define DIR() (R(8) ? 3 + R(2) : FD())
/* Files stay small, because all guests share the file system. */
#define OFFSET() (R(8) ? (U)R(70000) : R(2) ? (U)R(1 << 18) : (UINT64_C(1) << 62) + ANY())
#define PATH() (R(10) ? arena + PATHS + 64 * R(16) : R(2) ? arena + LONG_PATH : POINTER())
#define LENGTH() (R(10) ? R(8) : R(2) ? R(5000) : SIZE())
#define RIGHTS() (R(4) ? (U)0x1fffbfff : (U)ANY() | (U)ANY() << 32)
	switch (R(44)) {
	case 0:
		raw_args_get(POINTER(), POINTER());
		break;
	case 1:
		raw_args_sizes_get(POINTER(), POINTER());
		break;
	case 2:
		raw_environ_get(POINTER(), POINTER());
		break;
	case 3:
		raw_environ_sizes_get(POINTER(), POINTER());
		break;
	case 4:
		raw_clock_res_get(R(6), POINTER());
		break;
	case 5:
		raw_clock_time_get(R(6), ANY(), POINTER());
		break;
	case 6:
		raw_fd_advise(FD(), OFFSET(), OFFSET(), R(8));
		break;
	case 7:
		raw_fd_allocate(FD(), OFFSET(), OFFSET());
		break;
	case 8:
		raw_fd_close(OWN_FD());
		break;
	case 9:
		raw_fd_datasync(FD());
		break;
	case 10:
		raw_fd_fdstat_get(FD(), POINTER());
		break;
	case 11:
		raw_fd_fdstat_set_flags(FD(), R(40));
		break;
	case 12:
		raw_fd_fdstat_set_rights(OWN_FD(), RIGHTS(), RIGHTS());
		break;
	case 13:
		raw_fd_filestat_get(FD(), POINTER());
		break;
	case 14:
		raw_fd_filestat_set_size(FD(), OFFSET());
		break;
	case 15:
		raw_fd_filestat_set_times(FD(), ANY(), ANY(), R(20));
		break;
	case 16:
		raw_fd_pread(FD(), VECTOR(), COUNT(), OFFSET(), RESULT());
		break;
	case 17:
		raw_fd_prestat_get(FD(), POINTER());
		break;
	case 18:
		raw_fd_prestat_dir_name(FD(), POINTER(), SIZE());
		break;
	case 19:
		raw_fd_pwrite(FD(), VECTOR(), COUNT(), OFFSET(), RESULT());
		break;
	case 20:
		raw_fd_read(FD(), VECTOR(), COUNT(), RESULT());
		break;
	case 21:
		raw_fd_readdir(FD(), POINTER(), SIZE(), R(4) ? R(10) : ANY(), RESULT());
		break;
	case 22:
		raw_fd_renumber(OWN_FD(), OWN_FD());
		break;
	case 23:
		raw_fd_seek(FD(), OFFSET(), R(5), RESULT());
		break;
	case 24:
		raw_fd_sync(FD());
		break;
	case 25:
		raw_fd_tell(FD(), POINTER());
		break;
	case 26:
		raw_fd_write(FD(), VECTOR(), COUNT(), RESULT());
		break;
	case 27:
		raw_path_create_directory(DIR(), PATH(), LENGTH());
		break;
	case 28:
		raw_path_filestat_get(DIR(), R(3), PATH(), LENGTH(), POINTER());
		break;
	case 29:
		raw_path_filestat_set_times(DIR(), R(3), PATH(), LENGTH(), ANY(), ANY(), R(20));
		break;
	case 30:
		raw_path_link(DIR(), R(3), PATH(), LENGTH(), DIR(), PATH(), LENGTH());
		break;
	case 31:
		raw_path_open(DIR(), R(3), PATH(), LENGTH(), R(17), RIGHTS(), RIGHTS(), R(3) ? 0 : R(33), RESULT());
		break;
	case 32:
		raw_path_open(3, 1, PATH(), LENGTH(), R(2), 0x1fffbfff, 0x1fffffff, 0, RESULT());
		break;
	case 33:
		raw_path_readlink(DIR(), PATH(), LENGTH(), POINTER(), SIZE(), RESULT());
		break;
	case 34:
		raw_path_remove_directory(DIR(), PATH(), LENGTH());
		break;
	case 35:
		raw_path_rename(DIR(), PATH(), LENGTH(), DIR(), PATH(), LENGTH());
		break;
	case 36:
		raw_path_symlink(PATH(), LENGTH(), DIR(), PATH(), LENGTH());
		break;
	case 37:
		raw_path_unlink_file(DIR(), PATH(), LENGTH());
		break;
	/* The subscriptions start at the first one (the expired clock), or at an address that fails. */
	case 38:
		raw_poll_oneoff(R(8) ? arena + SUBS : 0xffffffff - R(64), POINTER(), R(6) ? 1 + R(128) : 5000 + ANY() / 2,
		                RESULT());
		break;
	case 39:
		raw_proc_raise(R(4) ? 0 : 31 + ANY() / 2);
		break;
	case 40:
		raw_sched_yield();
		break;
	case 41:
		raw_random_get(POINTER(), R(20) ? R(300) : SIZE());
		break;
	case 42:
		raw_sock_recv(FD(), VECTOR(), COUNT(), R(4), RESULT(), POINTER());
		break;
	default:
		raw_sock_shutdown(FD(), R(5));
		break;
	}
}

#endif
