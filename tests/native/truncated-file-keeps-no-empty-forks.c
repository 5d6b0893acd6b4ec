/* A file is repeatedly extended by a byte at a far offset and then truncated, each time a bit further. All memory that it uses is counted against a
 * limit, even if the truncation itself finds no free memory. */
#include "support/files.h"

#include "platform/alloc.h"

#define CHUNK UINT64_C(65536)

/* The chunks are far apart, so each has its own forks, and the file is never cut at the boundary of a fork. */
static void lengthen_and_cut(struct hf_vnode *file, unsigned times, uint64_t begin, bool without_memory)
{
	for (unsigned i = 1; i <= times; i++) {
		uint64_t at = begin + (((uint64_t)i << 18) + 3) * CHUNK;
		CHECK_EQ(f_write(file, at, "x", 1), 1);
		if (without_memory)
			hf_alloc_fail_after(0);
		CHECK_OK(file->ops->truncate(file, at - CHUNK));
		hf_alloc_fail_after(UINT32_MAX);
		CHECK_EQ(f_size(file), at - CHUNK);
	}
}

static void check(bool without_memory)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	char byte;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	lengthen_and_cut(file, 1, 0, without_memory);
	size_t before = hf_alloc_blocks();
	lengthen_and_cut(file, 1000, 0, without_memory);
	CHECK_EQ(hf_alloc_blocks(), before);

	/* Bytes before the cut stay. */
	CHECK_EQ(f_write(file, 5 * CHUNK, "y", 1), 1);
	lengthen_and_cut(file, 10, UINT64_C(1) << 50, without_memory);
	CHECK_EQ(f_read(file, 5 * CHUNK, &byte, 1), 1);
	CHECK_EQ(byte, 'y');
	CHECK_OK(file->ops->truncate(file, 5 * CHUNK));
	CHECK_EQ(hf_alloc_blocks(), before);
	hf_vnode_unref(file);
	fs_end(&fs);
}

int main(void)
{
	check(false);
	check(true);
	return done();
}
