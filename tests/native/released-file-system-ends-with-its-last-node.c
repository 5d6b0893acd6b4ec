/* When its owner releases a file system, every name is removed at once, but a node that is still held stays whole until it is released,
 * too. */
#include "fs/devfs.h"

#include "platform/alloc.h"
#include "support/files.h"

#include <stdio.h>

static void check_held_nodes(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL, *dir = NULL, *link = NULL, *out = NULL;
	char buffer[8];
	CHECK_OK(f_mkdir(fs.root, "dir"));
	CHECK_OK(f_put(fs.root, "dir/file", "text"));
	CHECK_OK(f_symlink(fs.root, "x", "dir/link"));
	CHECK_OK(hf_devfs_populate(fs.root));
	CHECK_OK(f_open(fs.root, "dir/file", 0, &file));
	CHECK_OK(f_open(fs.root, "dir", 0, &dir));
	CHECK_OK(dir->ops->lookup(dir, "link", 4, &link));
	hf_memfs_release(fs.memfs);

	CHECK_ERR(dir->ops->lookup(dir, "file", 4, &out), -HF_ENOENT);
	CHECK_ERR(fs.root->ops->lookup(fs.root, "dir", 3, &out), -HF_ENOENT);
	CHECK_ERR(fs.root->ops->parent(fs.root, &out), -HF_ENOENT);
	CHECK_ERR(fs.root->ops->create(fs.root, "new", 3, HF_FILETYPE_REGULAR_FILE, &out), -HF_ENOENT);
	CHECK_ERR(fs.root->ops->link(fs.root, "new", 3, file), -HF_ENOENT);
	CHECK_EQ(f_nlink(fs.root), 0);
	CHECK_EQ(f_nlink(file), 0);
	CHECK_EQ(f_read(file, 0, buffer, sizeof buffer), 4);
	CHECK_EQ(f_write(file, 70000, "more", 4), 4);
	CHECK_EQ(link->ops->readlink(link, buffer, sizeof buffer), 1);
	hf_vnode_unref(fs.root);
	hf_vnode_unref(dir);
	hf_vnode_unref(link);
	CHECK_EQ(f_write(file, 200000, "more", 4), 4);
	hf_vnode_unref(file);
	CHECK_EQ(hf_alloc_blocks(), 0);
}

/* Wide and deep, with some names missing. */
static void check_large_tree(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *at = hf_vnode_ref(fs.root), *next = NULL;
	char name[16];
	for (int depth = 0; depth < 3000; depth++) {
		for (int i = 0; i < 10; i++) {
			int size = snprintf(name, sizeof name, "%d", i);
			CHECK_OK(at->ops->create(at, name, (size_t)size, i % 3 ? HF_FILETYPE_REGULAR_FILE : HF_FILETYPE_DIRECTORY,
			                         &next));
			if (i < 9)
				hf_vnode_unref(next);
		}
		CHECK_OK(at->ops->unlink(at, "1", 1));
		CHECK_OK(at->ops->rmdir(at, "0", 1));
		hf_vnode_unref(at);
		at = next;
	}
	hf_vnode_unref(at);
	fs_end(&fs);
	CHECK_EQ(hf_alloc_blocks(), 0);
}

/* Other threads work in the tree while it is removed. */
static void use_or_release(void *context, unsigned number)
{
	struct fs *fs = context;
	char name[32];
	if (number == 0) {
		for (int i = 0; i < 50; i++)
			hf_plat_yield();
		hf_memfs_release(fs->memfs);
		return;
	}
	for (int i = 0; i < 2000; i++) {
		struct hf_vnode *out = NULL;
		struct hf_attr attr;
		snprintf(name, sizeof name, "dir/%u-%d", number, i % 50);
		int err = i & 1 ? f_open(fs->root, name, F_CREATE, &out) : f_rename(fs->root, "dir/sub", name);
		if (out) {
			(void)f_write(out, (uint64_t)i * 1000, "x", 1);
			CHECK_OK(out->ops->getattr(out, &attr));
			hf_vnode_unref(out);
		}
		if (err != 0 && err != -HF_ENOENT)
			CHECK(err == -HF_EISDIR || err == -HF_ENOTDIR || err == -HF_ENOTEMPTY);
	}
}

static void check_use_during_release(void)
{
	for (int i = 0; i < 30; i++) {
		struct fs fs = fs_begin();
		CHECK_OK(f_mkdir(fs.root, "dir"));
		CHECK_OK(f_mkdir(fs.root, "dir/sub"));
		in_threads(4, use_or_release, &fs);
		hf_vnode_unref(fs.root);
		CHECK_EQ(hf_alloc_blocks(), 0);
	}
}

int main(void)
{
	check_held_nodes();
	check_large_tree();
	check_use_during_release();
	return done();
}
