/* fd_readdir fills a buffer of any size to its last byte, cutting off an entry that does not fit; a buffer that is not full
 * means that there are no more entries. */
#include "support/program.h"

#include <string.h>

#include "wasi/abi.h"

enum { BUFFER = 4096, USED = 64, WHOLE = 1024 };

int main(void)
{
	struct program *program = program_begin();
	const char *const names[] = {".", "..", "a", "name", "a-longer-name"};
	char expected[WHOLE];
	for (int i = 2; i < 5; i++) {
		char path[32] = "/";
		CHECK_OK(f_put(program->fs.root, strcat(path, names[i]), ""));
	}
	memset(program->guest->memory + BUFFER, '#', WHOLE);
	CHECK_ERR(hf_p1_fd_readdir(3, BUFFER, WHOLE, 0, USED), 0);
	uint32_t total = peek_u32(program, USED), at = 0;
	CHECK_EQ(total, 5 * sizeof(struct wasi_dirent) + 1 + 2 + 1 + 4 + 13);
	memcpy(expected, program->guest->memory + BUFFER, WHOLE);
	CHECK_EQ(expected[total], '#');

	/* The whole listing: consecutive entries, each with the cookie of the next. */
	for (int i = 0; i < 5; i++) {
		struct wasi_dirent entry;
		memcpy(&entry, expected + at, sizeof entry);
		CHECK_EQ(entry.name_size, strlen(names[i]));
		CHECK_EQ(entry.filetype, i < 2 ? HF_FILETYPE_DIRECTORY : HF_FILETYPE_REGULAR_FILE);
		CHECK_BYTES(expected + at + sizeof entry, names[i], entry.name_size);
		at += (uint32_t)sizeof entry + entry.name_size;
		/* From here on, the remaining entries. */
		CHECK_ERR(hf_p1_fd_readdir(3, BUFFER, WHOLE, entry.next, USED), 0);
		CHECK_EQ(peek_u32(program, USED), total - at);
		CHECK_BYTES(program->guest->memory + BUFFER, expected + at, total - at);
	}

	for (uint32_t size = 0; size <= total + 1; size++) {
		uint32_t used = size < total ? size : total;
		memset(program->guest->memory + BUFFER, '#', WHOLE);
		CHECK_ERR(hf_p1_fd_readdir(3, BUFFER, size, 0, USED), 0);
		CHECK_EQ(peek_u32(program, USED), used);
		CHECK_BYTES(program->guest->memory + BUFFER, expected, used);
		CHECK_EQ(program->guest->memory[BUFFER + used], '#');
	}
	/* At the very end of memory; with cookies that were never handed out. */
	CHECK_ERR(hf_p1_fd_readdir(3, GUEST_SIZE - 100, 100, 0, USED), 0);
	CHECK_EQ(peek_u32(program, USED), 100);
	CHECK_ERR(hf_p1_fd_readdir(3, GUEST_SIZE, 0, 0, USED), 0);
	CHECK_EQ(peek_u32(program, USED), 0);
	CHECK_ERR(hf_p1_fd_readdir(3, BUFFER, WHOLE, UINT64_MAX, USED), 0);
	CHECK_EQ(peek_u32(program, USED), 0);
	CHECK_ERR(hf_p1_fd_readdir(0, BUFFER, WHOLE, 0, USED), HF_ENOTDIR);
	program_end(program);
	return done();
}
