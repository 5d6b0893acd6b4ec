/* Parts of a file that were never written read as zeros and take no memory, however far apart the written bytes are. */
#include "platform/alloc.h"

#include "support/files.h"

#include <string.h>

#define FAR (UINT64_C(1) << 50)

static void check_zeros(struct hf_vnode *file, uint64_t offset, uint32_t size)
{
	static char buffer[300000];
	static const char zeros[sizeof buffer];
	CHECK(size <= sizeof buffer);
	memset(buffer, 0xff, size);
	CHECK_EQ(f_read(file, offset, buffer, size), size);
	CHECK_BYTES(buffer, zeros, size);
}

static void check_byte(struct hf_vnode *file, uint64_t offset, char expected)
{
	char byte = 0;
	CHECK_EQ(f_read(file, offset, &byte, 1), 1);
	CHECK_EQ(byte, expected);
}

static void check_far(struct fs *fs, struct hf_vnode *file)
{
	size_t before = hf_alloc_bytes();
	CHECK_EQ(f_write(file, FAR, "x", 1), 1);
	CHECK_EQ(f_size(file), FAR + 1);
	CHECK_EQ(f_write(file, 70000, "y", 1), 1);
	CHECK_EQ(f_write(file, INT64_MAX - 1, "z", 1), 1);
	CHECK_EQ(f_size(file), INT64_MAX);
	check_byte(file, FAR, 'x');
	check_byte(file, 70000, 'y');
	check_byte(file, INT64_MAX - 1, 'z');
	check_zeros(file, 0, 70000);
	check_zeros(file, 70001, 299999);
	check_zeros(file, FAR - 300000, 300000);
	check_zeros(file, FAR + 1, 300000);
	CHECK_EQ(hf_memfs_usage(fs->memfs).bytes, 3 * 65536);
	CHECK(hf_alloc_bytes() - before < 3 * 65536 + 20000);
	CHECK_OK(file->ops->truncate(file, 0));
	CHECK_EQ(hf_alloc_bytes(), before);
}

/* Writes at every power of two, in ascending and descending order: the tree grows above existing nodes, and below them. */
static void check_all_heights(struct fs *fs, struct hf_vnode *file)
{
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 63; i++) {
			int bit = round ? 62 - i : i;
			char byte = (char)(1 + bit);
			CHECK_EQ(f_write(file, (UINT64_C(1) << bit) - 1, &byte, 1), 1);
			check_byte(file, (UINT64_C(1) << bit) - 1, byte);
		}
		for (int bit = 0; bit < 63; bit++)
			check_byte(file, (UINT64_C(1) << bit) - 1, (char)(1 + bit));
		check_zeros(file, UINT64_C(1) << 40, 300000);
		/* Truncates from the far end, one write at a time. */
		for (int bit = 62; bit >= 0; bit--) {
			CHECK_OK(file->ops->truncate(file, (UINT64_C(1) << bit) - 1));
			if (bit > 0)
				check_byte(file, (UINT64_C(1) << (bit - 1)) - 1, (char)bit);
		}
		CHECK_EQ(hf_memfs_usage(fs->memfs).bytes, 0);
	}
}

static void check_size_alone(struct fs *fs, struct hf_vnode *file)
{
	CHECK_OK(file->ops->truncate(file, FAR));
	CHECK_EQ(f_size(file), FAR);
	check_zeros(file, FAR / 2, 200000);
	CHECK_EQ(hf_memfs_usage(fs->memfs).bytes, 0);
}

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	check_far(&fs, file);
	check_all_heights(&fs, file);
	check_size_alone(&fs, file);
	hf_vnode_unref(file);
	fs_end(&fs);
	return done();
}
