/* After allocate, writes into the range cannot fail for lack of space; it lengthens the file, never shortens it, and changes no byte. */
#include "platform/alloc.h"

#include "support/files.h"

#include <string.h>

static void check_room_is_there(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.bytes = 5 * 65536});
	struct hf_vnode *file = NULL;
	static char bytes[200000];
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 10, "abc", 3), 3);
	CHECK_EQ(f_write(file, 70000, "def", 3), 3);
	CHECK_OK(file->ops->allocate(file, 5, 200000 - 5));
	CHECK_EQ(f_size(file), 200000);
	CHECK_EQ(f_read(file, 0, bytes, sizeof bytes), sizeof bytes);
	CHECK_BYTES(bytes + 9, "\0abc\0", 5);
	CHECK_BYTES(bytes + 69999, "\0def\0", 5);
	/* Other files take the remaining space. */
	struct hf_vnode *other = NULL;
	CHECK_OK(f_open(fs.root, "other", F_CREATE, &other));
	while (f_append(other, bytes, 1000, &(uint64_t){0}) > 0)
		;
	hf_alloc_fail_after(0);
	memset(bytes, 'x', sizeof bytes);
	CHECK_EQ(f_write(file, 0, bytes, sizeof bytes), sizeof bytes);
	hf_alloc_fail_after(UINT32_MAX);
	CHECK_OK(file->ops->allocate(file, 100, 1));
	CHECK_EQ(f_size(file), 200000);
	hf_vnode_unref(other);
	hf_vnode_unref(file);
	fs_end(&fs);
}

static void check_errors(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.bytes = 3 * 65536, .file_size = UINT64_C(1) << 40});
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 0, "abc", 3), 3);
	uint64_t before = hf_memfs_usage(fs.memfs).bytes;
	CHECK_ERR(file->ops->allocate(file, 0, 0), -HF_EINVAL);
	CHECK_ERR(file->ops->allocate(file, 65536, 3 * 65536), -HF_ENOSPC);
	CHECK_ERR(file->ops->allocate(file, 1 << 30, UINT64_C(1) << 39), -HF_ENOSPC);
	CHECK_ERR(file->ops->allocate(file, 1, UINT64_C(1) << 40), -HF_EFBIG);
	CHECK_ERR(file->ops->allocate(file, UINT64_MAX, UINT64_MAX), -HF_EFBIG);
	CHECK_EQ(f_size(file), 3);
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, before);
	CHECK_ERR(fs.root->ops->allocate(fs.root, 0, 1), -HF_EISDIR);
	hf_vnode_unref(file);
	fs_end(&fs);
}

/* A failed attempt on an empty file releases everything that it took. */
static void check_empty_file(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.bytes = 3 * 65536});
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_ERR(file->ops->allocate(file, 0, 4 * 65536), -HF_ENOSPC);
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 0);
	CHECK_EQ(f_size(file), 0);
	for (uint32_t n = 0; n < 4; n++) {
		hf_alloc_fail_after(n);
		CHECK_ERR(file->ops->allocate(file, 0, 3 * 65536), -HF_ENOSPC);
		hf_alloc_fail_after(UINT32_MAX);
		CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 0);
	}
	hf_vnode_unref(file);
	fs_end(&fs);
}

int main(void)
{
	check_room_is_there();
	check_errors();
	check_empty_file();
	return done();
}
