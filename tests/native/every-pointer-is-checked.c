/* Every pointer that a guest passes is checked, for each argument of each function in both editions: one byte short at the end of memory, and far
 * beyond it, fails with EFAULT, and nothing is written. */
#include "support/program.h"

#include <string.h>

/* Addresses in the guest's memory. */
enum {
	OUT = 64, /* 64 bytes for results */
	OUT2 = 128,
	IOVS = 256, /* one piece: 16 bytes at DATA */
	NAMES = 512,
	DATA = 4096,  /* a buffer */
	SUBS = 16384, /* a subscription to the clock */
	EVENTS = 20480,
};

static struct program *program;
static uint32_t file, dir = 3;

/* Names in memory, as addresses and sizes. */
#define FILE_NAME NAMES, 4
#define LINK_NAME NAMES + 16, 4
#define NEW_NAME NAMES + 32, 3

/* `call` with `pointer` as one argument: it must succeed where `size` bytes are in memory, and fail with EFAULT elsewhere. */
#define POINTER(size, call)                                                                                   \
	do {                                                                                                      \
		static const uint32_t past[] = {GUEST_SIZE - (size) + 1, GUEST_SIZE, GUEST_SIZE + 1, UINT32_MAX - 3}; \
		uint32_t pointer = GUEST_SIZE - (size);                                                               \
		for (unsigned i_ = 0; i_ < 4; i_++) {                                                                 \
			pointer = past[i_];                                                                               \
			snapshot();                                                                                       \
			uint32_t result_ = (call);                                                                        \
			check_fault(__LINE__, #call, result_);                                                            \
		}                                                                                                     \
		pointer = (GUEST_SIZE - (size)) & ~7u;                                                                \
		memset(program->guest->memory + pointer, 0, GUEST_SIZE - pointer);                                    \
		uint32_t good_ = (call);                                                                              \
		if (good_ == HF_EFAULT)                                                                               \
			check_failed(__FILE__, __LINE__, #call " refuses a good pointer");                                \
	} while (0)

static char before[GUEST_SIZE];

static void snapshot(void)
{
	memcpy(before, program->guest->memory, GUEST_SIZE);
}

static void check_fault(int line, const char *call, uint32_t result)
{
	check_err(__FILE__, line, call, result, HF_EFAULT);
	if (memcmp(before, program->guest->memory, GUEST_SIZE) != 0)
		check_failed(__FILE__, line, call);
}

static void prepare(void)
{
	struct {
		uint64_t userdata, tag, id_or_identifier, a, b, c, d;
	} clock = {0};
	poke_iov(program, IOVS, DATA, 16);
	poke(program, SUBS, &clock, sizeof clock);
	file = open_path(program, "file", HF_OFLAG_CREAT, READ_WRITE, 0);
	poke_text(program, NAMES, "file");
	poke_text(program, NAMES + 16, "link");
	poke_text(program, NAMES + 32, "new");
	CHECK_ERR(hf_p1_path_symlink(NEW_NAME, dir, LINK_NAME), 0);
}

static void check_both(void)
{
	POINTER(12, hf_p1_args_get(pointer, DATA));
	POINTER(19, hf_p1_args_get(OUT, pointer));
	POINTER(4, hf_p1_args_sizes_get(pointer, OUT));
	POINTER(8, hf_p1_environ_get(pointer, DATA));
	POINTER(7, hf_p1_environ_get(OUT, pointer));
	POINTER(4, hf_p1_environ_sizes_get(pointer, OUT));
	POINTER(8, hf_p1_clock_res_get(1, pointer));
	POINTER(8, hf_p1_clock_time_get(0, 0, pointer));
	POINTER(8, hf_p1_clock_time_get(1, 0, pointer));
	POINTER(8, hf_p1_clock_time_get(2, 0, pointer));
	POINTER(8, hf_p1_clock_time_get(3, 0, pointer));
	POINTER(24, hf_p1_fd_fdstat_get(file, pointer));
	POINTER(8, hf_p1_fd_pread(file, pointer, 1, 0, OUT));
	POINTER(4, hf_p1_fd_pread(file, IOVS, 1, 0, pointer));
	POINTER(8, hf_p1_fd_prestat_get(dir, pointer));
	POINTER(1, hf_p1_fd_prestat_dir_name(dir, pointer, 1));
	POINTER(8, hf_p1_fd_pwrite(file, pointer, 1, 0, OUT));
	POINTER(4, hf_p1_fd_pwrite(file, IOVS, 1, 0, pointer));
	POINTER(8, hf_p1_fd_read(file, pointer, 1, OUT));
	POINTER(4, hf_p1_fd_read(file, IOVS, 1, pointer));
	POINTER(64, hf_p1_fd_readdir(dir, pointer, 64, 0, OUT));
	POINTER(4, hf_p1_fd_readdir(dir, DATA, 64, 0, pointer));
	POINTER(8, hf_p1_fd_tell(file, pointer));
	POINTER(8, hf_p1_fd_write(file, pointer, 1, OUT));
	POINTER(4, hf_p1_fd_write(file, IOVS, 1, pointer));
	POINTER(5, hf_p1_path_create_directory(dir, pointer, 5));
	POINTER(5, hf_p1_path_filestat_set_times(dir, 0, pointer, 5, 0, 0, 0));
	POINTER(5, hf_p1_path_link(dir, 0, pointer, 5, dir, NEW_NAME));
	POINTER(5, hf_p1_path_link(dir, 0, FILE_NAME, dir, pointer, 5));
	POINTER(5, hf_p1_path_open(dir, 0, pointer, 5, 0, 0, 0, 0, OUT));
	POINTER(4, hf_p1_path_open(dir, 0, FILE_NAME, 0, 0, 0, 0, pointer));
	POINTER(5, hf_p1_path_readlink(dir, pointer, 5, DATA, 16, OUT));
	POINTER(16, hf_p1_path_readlink(dir, LINK_NAME, pointer, 16, OUT));
	POINTER(4, hf_p1_path_readlink(dir, LINK_NAME, DATA, 16, pointer));
	POINTER(5, hf_p1_path_remove_directory(dir, pointer, 5));
	POINTER(5, hf_p1_path_rename(dir, pointer, 5, dir, NEW_NAME));
	POINTER(5, hf_p1_path_rename(dir, LINK_NAME, dir, pointer, 5));
	POINTER(5, hf_p1_path_symlink(pointer, 5, dir, NEW_NAME));
	POINTER(5, hf_p1_path_symlink(NEW_NAME, dir, pointer, 5));
	POINTER(5, hf_p1_path_unlink_file(dir, pointer, 5));
	POINTER(9, hf_p1_random_get(pointer, 9));
}

/* The functions that differ between the editions. */
#define CHECK_EDITION(ns, filestat_size, subscription_size)                              \
	static void check_##ns(void)                                                         \
	{                                                                                    \
		POINTER(filestat_size, hf_##ns##_fd_filestat_get(file, pointer));                \
		POINTER(8, hf_##ns##_fd_seek(file, 0, 0, pointer));                              \
		POINTER(5, hf_##ns##_path_filestat_get(dir, 0, pointer, 5, OUT));                \
		POINTER(filestat_size, hf_##ns##_path_filestat_get(dir, 0, FILE_NAME, pointer)); \
		POINTER(subscription_size, hf_##ns##_poll_oneoff(pointer, EVENTS, 1, OUT));      \
		POINTER(32, hf_##ns##_poll_oneoff(SUBS, pointer, 1, OUT));                       \
		POINTER(4, hf_##ns##_poll_oneoff(SUBS, EVENTS, 1, pointer));                     \
	}

CHECK_EDITION(p1, 64, 48)
CHECK_EDITION(un, 56, 56)

/* The targets of a vector are checked too; then nothing moves, even into its valid pieces. */
static void check_vectors(void)
{
	poke_iov(program, IOVS + 32, DATA, 4);
	poke_iov(program, IOVS + 40, GUEST_SIZE - 3, 4);
	CHECK_EQ(program_feed(program, "input!", 6), 6);
	snapshot();
	CHECK_ERR(hf_p1_fd_read(0, IOVS + 32, 2, OUT), HF_EFAULT);
	CHECK_ERR(hf_p1_fd_write(1, IOVS + 32, 2, OUT), HF_EFAULT);
	CHECK_ERR(hf_p1_fd_pwrite(file, IOVS + 32, 2, 0, OUT), HF_EFAULT);
	CHECK_ERR(hf_p1_fd_pread(file, IOVS + 32, 2, 0, OUT), HF_EFAULT);
	/* No bytes are lost when the address for their count is bad. */
	CHECK_ERR(hf_p1_fd_read(0, IOVS, 1, GUEST_SIZE - 3), HF_EFAULT);
	CHECK_BYTES(before, program->guest->memory, GUEST_SIZE);
	char got[8];
	CHECK_EQ(program_take(program, 1, got, 8), 0);
	CHECK_ERR(hf_p1_fd_read(0, IOVS, 1, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 6);
	/* The address of an empty piece does not matter. */
	poke_iov(program, IOVS + 40, GUEST_SIZE, 0);
	CHECK_ERR(hf_p1_fd_write(1, IOVS + 32, 2, OUT), 0);
	CHECK_EQ(program_take(program, 1, got, 8), 4);
}

int main(void)
{
	program = program_begin();
	prepare();
	check_both();
	check_p1();
	check_un();
	check_vectors();
	program_end(program);
	return done();
}
