/* filestat has 64 bytes and a 64-bit link count in preview 1, and 56 bytes and a 32-bit link count in wasi_unstable; the numbers for whence differ, too. */
#include "support/program.h"

#include <string.h>

#include "wasi/abi.h"

enum { OUT = 4096 };

static void check_stat(struct program *program, uint32_t fd)
{
	struct wasi_filestat now;
	struct wasi_unstable_filestat old;
	memset(program->guest->memory + OUT, '#', 256);
	CHECK_ERR(hf_p1_fd_filestat_get(fd, OUT), 0);
	CHECK_ERR(hf_un_fd_filestat_get(fd, OUT + 128), 0);
	memcpy(&now, program->guest->memory + OUT, sizeof now);
	memcpy(&old, program->guest->memory + OUT + 128, sizeof old);
	CHECK_EQ(program->guest->memory[OUT + 64], '#');
	CHECK_EQ(program->guest->memory[OUT + 128 + 56], '#');
	CHECK(now.size == 5 && now.nlink == 2 && now.filetype == HF_FILETYPE_REGULAR_FILE);
	CHECK(old.size == 5 && old.nlink == 2 && old.filetype == HF_FILETYPE_REGULAR_FILE);
	CHECK(now.ino == old.ino && now.dev == old.dev && now.mtim == old.mtim && now.ctim == old.ctim);

	uint32_t size = poke_text(program, 512, "two");
	CHECK_ERR(hf_p1_path_filestat_get(3, 0, 512, size, OUT + 64), 0);
	CHECK_ERR(hf_un_path_filestat_get(3, 0, 512, size, OUT + 192), 0);
	CHECK_BYTES(program->guest->memory + OUT, program->guest->memory + OUT + 64, 64);
	CHECK_BYTES(program->guest->memory + OUT + 128, program->guest->memory + OUT + 192, 56);
}

static void check_seek(struct program *program, uint32_t fd)
{
	/* SET, CUR, END are 0, 1, 2; in wasi_unstable they were 2, 0, 1. */
	static const struct {
		int64_t offset;
		uint32_t whence, whence_of_old;
		uint64_t result;
	} seeks[] = {{3, 0, 2, 3}, {1, 1, 0, 4}, {-1, 2, 1, 4}, {0, 1, 0, 4}, {0, 0, 2, 0}, {0, 2, 1, 5}};
	for (int old = 0; old < 2; old++) {
		for (unsigned i = 0; i < sizeof seeks / sizeof seeks[0]; i++) {
			uint64_t offset = (uint64_t)seeks[i].offset;
			uint32_t result = old ? hf_un_fd_seek(fd, offset, seeks[i].whence_of_old, OUT)
			                      : hf_p1_fd_seek(fd, offset, seeks[i].whence, OUT);
			CHECK_ERR(result, 0);
			CHECK_EQ(peek_u64(program, OUT), seeks[i].result);
		}
	}
	CHECK_ERR(hf_un_fd_seek(fd, 0, 3, OUT), HF_EINVAL);
}

int main(void)
{
	struct program *program = program_begin();
	CHECK_OK(f_put(program->fs.root, "/one", "12345"));
	CHECK_OK(f_link(program->fs.root, "/one", "/two", false));
	uint32_t fd = open_path(program, "one", 0, READ_WRITE, 0);
	check_stat(program, fd);
	check_seek(program, fd);
	program_end(program);
	return done();
}
