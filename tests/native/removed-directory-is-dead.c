/* In a directory that was removed while it was open, nothing is found and nothing can be created, and it has no parent. */
#include "support/files.h"

static bool never(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	(void)context, (void)next, (void)ino, (void)filetype, (void)name, (void)size;
	CHECK(!"a removed directory lists nothing");
	return false;
}

static void check_dead(struct fs *fs, struct hf_vnode *dir)
{
	struct hf_vnode *out = NULL, *file = NULL;
	struct hf_attr attr;
	CHECK_OK(f_open(fs->root, "file", 0, &file));
	CHECK_ERR(dir->ops->lookup(dir, "x", 1, &out), -HF_ENOENT);
	CHECK_ERR(dir->ops->parent(dir, &out), -HF_ENOENT);
	CHECK_ERR(dir->ops->create(dir, "x", 1, HF_FILETYPE_REGULAR_FILE, &out), -HF_ENOENT);
	CHECK_ERR(dir->ops->create(dir, "x", 1, HF_FILETYPE_DIRECTORY, &out), -HF_ENOENT);
	CHECK_ERR(dir->ops->symlink(dir, "x", 1, "y", 1), -HF_ENOENT);
	CHECK_ERR(dir->ops->link(dir, "x", 1, file), -HF_ENOENT);
	CHECK_ERR(dir->ops->unlink(dir, "x", 1), -HF_ENOENT);
	CHECK_ERR(dir->ops->rmdir(dir, "x", 1), -HF_ENOENT);
	CHECK_ERR(dir->ops->rename(dir, "x", 1, fs->root, "y", 1), -HF_ENOENT);
	CHECK_ERR(fs->root->ops->rename(fs->root, "file", 4, dir, "y", 1), -HF_ENOENT);
	CHECK_ERR(dir->ops->readdir(dir, 0, never, NULL), -HF_ENOENT);
	CHECK_ERR(hf_memfs_attach(dir, "x", file), -HF_ENOENT);
	CHECK_OK(dir->ops->getattr(dir, &attr));
	CHECK_EQ(attr.nlink, 0);
	CHECK_OK(dir->ops->sync(dir));
	hf_vnode_unref(file);
}

/* rmdir refuses files and full directories; unlink refuses directories. */
static void check_refusals(struct fs *fs)
{
	CHECK_OK(f_mkdir(fs->root, "full"));
	CHECK_OK(f_put(fs->root, "full/file", ""));
	CHECK_ERR(f_rmdir(fs->root, "full"), -HF_ENOTEMPTY);
	CHECK_ERR(f_rmdir(fs->root, "file"), -HF_ENOTDIR);
	CHECK_ERR(f_rmdir(fs->root, "missing"), -HF_ENOENT);
	CHECK_ERR(f_rmdir(fs->root, "full/."), -HF_EINVAL);
	CHECK_ERR(f_rmdir(fs->root, "full/.."), -HF_ENOTEMPTY);
	CHECK_ERR(f_rmdir(fs->root, "/"), -HF_EBUSY);
	CHECK_ERR(f_unlink(fs->root, "full"), -HF_EISDIR);
	CHECK_ERR(f_unlink(fs->root, "full/."), -HF_EISDIR);
	CHECK_ERR(f_unlink(fs->root, "missing"), -HF_ENOENT);
	CHECK_ERR(f_mkdir(fs->root, "full"), -HF_EEXIST);
	CHECK_ERR(f_mkdir(fs->root, "file"), -HF_EEXIST);
	CHECK_ERR(f_mkdir(fs->root, "."), -HF_EEXIST);
	CHECK_ERR(f_mkdir(fs->root, "file/new"), -HF_ENOTDIR);
	CHECK_OK(f_unlink(fs->root, "full/file"));
	CHECK_OK(f_rmdir(fs->root, "full"));
}

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *removed = NULL, *replaced = NULL, *nothing = NULL;
	CHECK_OK(f_put(fs.root, "file", ""));
	CHECK_OK(f_mkdir(fs.root, "removed"));
	CHECK_OK(f_mkdir(fs.root, "replaced"));
	CHECK_OK(f_mkdir(fs.root, "other"));
	CHECK_OK(f_open(fs.root, "removed", 0, &removed));
	CHECK_OK(f_open(fs.root, "replaced", 0, &replaced));
	CHECK_OK(f_rmdir(fs.root, "removed"));
	CHECK_OK(f_rename(fs.root, "other", "replaced"));
	check_dead(&fs, removed);
	check_dead(&fs, replaced);
	check_refusals(&fs);
	CHECK_EQ(f_check_tree(fs.root), 2);

	/* A directory holds names, not bytes. */
	char byte;
	CHECK_ERR(f_read(fs.root, 0, &byte, 1), -HF_EISDIR);
	CHECK_ERR(f_write(fs.root, 0, "x", 1), -HF_EISDIR);
	CHECK_ERR(fs.root->ops->truncate(fs.root, 0), -HF_EISDIR);
	CHECK_ERR(fs.root->ops->create(fs.root, "x", 1, HF_FILETYPE_SYMBOLIC_LINK, &nothing), -HF_EINVAL);
	hf_vnode_unref(removed);
	hf_vnode_unref(replaced);
	fs_end(&fs);
	return done();
}
