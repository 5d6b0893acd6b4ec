/* An append of many slices is contiguous in the file, even while other threads append through their own descriptions; each gets the correct offset
 * after its data. */
#include "support/file_io.h"
#include "support/files.h"

#include <stdlib.h>
#include <string.h>

#define LARGE 3
#define THREADS (LARGE + 2) /* the others append small pieces */
#define LARGE_SIZE (5 * HF_SLICE + 12345)
#define SMALL_SIZE 100
#define LARGE_TIMES 6
#define SMALL_TIMES 300

static struct hf_vnode *vnode;

static uint32_t size_of(unsigned thread)
{
	return thread < LARGE ? LARGE_SIZE : SMALL_SIZE;
}

static void append(void *context, unsigned thread)
{
	(void)context;
	struct hf_file *file = d_open(vnode, HF_READ | HF_WRITE, HF_FDFLAG_APPEND);
	uint32_t size = size_of(thread);
	char *bytes = malloc(size), *back = malloc(size);
	CHECK(bytes && back);
	memset(bytes, 'a' + (int)thread, size);
	for (int i = 0; i < (thread < LARGE ? LARGE_TIMES : SMALL_TIMES); i++) {
		CHECK_EQ(d_write(file, bytes, size), size);
		int64_t end = d_seek(file, 0, HF_WHENCE_CUR);
		CHECK_EQ(d_pread(file, (uint64_t)end - size, back, size), size);
		CHECK_BYTES(back, bytes, size);
	}
	free(bytes);
	free(back);
	hf_file_unref(file);
}

int main(void)
{
	struct fs fs = fs_begin();
	CHECK_OK(f_open(fs.root, "/file", F_CREATE, &vnode));
	in_threads(THREADS, append, NULL);
	uint64_t size = f_size(vnode), at = 0;
	CHECK_EQ(size, LARGE * LARGE_TIMES * (uint64_t)LARGE_SIZE + (THREADS - LARGE) * SMALL_TIMES * (uint64_t)SMALL_SIZE);
	char *bytes = malloc(LARGE_SIZE), *expected = malloc(LARGE_SIZE);
	CHECK(bytes && expected);
	while (at < size) {
		CHECK_EQ(f_read(vnode, at, bytes, 1), 1);
		uint32_t piece = size_of((unsigned)(bytes[0] - 'a'));
		memset(expected, bytes[0], piece);
		CHECK_EQ(f_read(vnode, at, bytes, piece), piece);
		CHECK_BYTES(bytes, expected, piece);
		at += piece;
	}
	free(bytes);
	free(expected);
	hf_vnode_unref(vnode);
	fs_end(&fs);
	return done();
}
