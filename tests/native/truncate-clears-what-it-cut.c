/* A file that was truncated and extended again reads as zeros where its old bytes were, and their memory is freed. */
#include "platform/alloc.h"

#include "support/files.h"

#include <stdlib.h>
#include <string.h>

#define SIZE 300000

static void check_cut(struct fs *fs, struct hf_vnode *file, uint64_t size, bool without_memory)
{
	char *bytes = malloc(SIZE), *out = malloc(SIZE);
	CHECK(bytes && out);
	memset(bytes, 'x', SIZE);
	CHECK_EQ(f_write(file, 0, bytes, SIZE), SIZE);
	/* Truncating cannot fail, even without memory to shrink a block. */
	if (without_memory)
		hf_alloc_fail_after(0);
	CHECK_OK(file->ops->truncate(file, size));
	hf_alloc_fail_after(UINT32_MAX);
	CHECK_EQ(f_size(file), size);
	CHECK(hf_memfs_usage(fs->memfs).bytes < (size + 65535) / 65536 * 65536 + (without_memory ? 65536 : 1));
	CHECK_OK(file->ops->truncate(file, SIZE));
	CHECK_EQ(f_size(file), SIZE);
	CHECK_EQ(f_read(file, 0, out, SIZE), SIZE);
	memset(bytes + size, 0, SIZE - size);
	CHECK_BYTES(out, bytes, SIZE);
	free(bytes);
	free(out);
}

int main(void)
{
	static const uint64_t sizes[] = {0,     1,     63,     64,     65,     1000,   65535,  65536,
	                                 65537, 70000, 131071, 131072, 131073, 262144, 299999, SIZE};
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		check_cut(&fs, file, sizes[i], false);
		check_cut(&fs, file, sizes[i], true);
	}
	CHECK_OK(file->ops->truncate(file, 0));
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 0);
	hf_vnode_unref(file);

	CHECK_OK(f_mkdir(fs.root, "dir"));
	CHECK_ERR(f_truncate(fs.root, "dir", 0), -HF_EISDIR);
	fs_end(&fs);
	return done();
}
