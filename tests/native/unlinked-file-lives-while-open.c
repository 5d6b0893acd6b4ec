/* A file without a name continues to exist while it is open, and its memory is freed with the last reference. */
#include "platform/alloc.h"

#include "support/files.h"

static void check_unlinked(struct fs *fs)
{
	size_t before = hf_alloc_bytes();
	struct hf_vnode *file = NULL;
	char buffer[16];
	CHECK_OK(f_open(fs->root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 100000, "hello", 5), 5);
	CHECK_OK(f_unlink(fs->root, "file"));
	CHECK_ERR(f_unlink(fs->root, "file"), -HF_ENOENT);
	CHECK_EQ(f_nlink(file), 0);
	CHECK_EQ(f_read(file, 100000, buffer, sizeof buffer), 5);
	CHECK_BYTES(buffer, "hello", 5);
	CHECK_EQ(f_write(file, 200000, "more", 4), 4);
	CHECK_EQ(f_size(file), 200004);
	/* The name can be used again for another file; the old file cannot get it back. */
	CHECK_OK(f_put(fs->root, "file", "new"));
	CHECK_ERR(fs->root->ops->link(fs->root, "back", 4, file), -HF_ENOENT);
	CHECK_EQ(f_read(file, 100000, buffer, 5), 5);
	f_check_text(fs->root, "file", "new");
	CHECK_OK(f_unlink(fs->root, "file"));
	hf_vnode_unref(file);
	CHECK_EQ(hf_memfs_usage(fs->memfs).bytes, 0);
	CHECK(hf_alloc_bytes() <= before + 1000); /* the root's table of names may have been allocated */
}

static void check_replaced(struct fs *fs)
{
	struct hf_vnode *old = NULL;
	char buffer[16];
	CHECK_OK(f_put(fs->root, "target", "old"));
	CHECK_OK(f_put(fs->root, "source", "new"));
	CHECK_OK(f_open(fs->root, "target", 0, &old));
	CHECK_OK(f_rename(fs->root, "source", "target"));
	CHECK_EQ(f_nlink(old), 0);
	CHECK_EQ(f_read(old, 0, buffer, sizeof buffer), 3);
	CHECK_BYTES(buffer, "old", 3);
	f_check_text(fs->root, "target", "new");
	hf_vnode_unref(old);
}

int main(void)
{
	struct fs fs = fs_begin();
	check_unlinked(&fs);
	check_replaced(&fs);
	fs_end(&fs);
	return done();
}
