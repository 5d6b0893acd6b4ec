/* Several names of one file show the same inode number, bytes and link count until the last is removed. */
#include "support/files.h"

#include "fs/devfs.h"
#include "fs/memnode.h"

#include <stdio.h>
#include <string.h>

static void check_sharing(struct fs *fs)
{
	struct hf_attr a, b;
	CHECK_OK(f_put(fs->root, "one", "hello"));
	CHECK_OK(f_mkdir(fs->root, "dir"));
	CHECK_OK(f_link(fs->root, "one", "dir/two", false));
	CHECK_OK(f_stat(fs->root, "one", false, &a));
	CHECK_OK(f_stat(fs->root, "dir/two", false, &b));
	CHECK(a.ino == b.ino && a.dev == b.dev);
	CHECK_EQ(b.nlink, 2);
	CHECK_OK(f_put(fs->root, "dir/two", "changed"));
	f_check_text(fs->root, "one", "changed");
	CHECK_OK(f_unlink(fs->root, "one"));
	f_check_text(fs->root, "dir/two", "changed");
	CHECK_OK(f_stat(fs->root, "dir/two", false, &b));
	CHECK_EQ(b.nlink, 1);
	/* A link itself may have names, too. */
	CHECK_OK(f_symlink(fs->root, "dir/two", "soft"));
	CHECK_OK(f_link(fs->root, "soft", "softer", false));
	CHECK_OK(f_stat(fs->root, "softer", false, &a));
	CHECK_EQ(a.filetype, HF_FILETYPE_SYMBOLIC_LINK);
	CHECK_EQ(a.nlink, 2);
	CHECK_OK(f_link(fs->root, "soft", "hard", true));
	CHECK_OK(f_stat(fs->root, "hard", false, &a));
	CHECK_EQ(a.ino, b.ino);
	f_check_tree(fs->root);
}

static void check_errors(struct fs *fs)
{
	struct fs other = fs_begin();
	struct hf_vnode *foreign = NULL;
	CHECK_ERR(f_link(fs->root, "missing", "new", false), -HF_ENOENT);
	CHECK_ERR(f_link(fs->root, "dir", "new", false), -HF_EPERM);
	CHECK_ERR(f_link(fs->root, "hard", "dir", false), -HF_EEXIST);
	CHECK_ERR(f_link(fs->root, "hard", "hard", false), -HF_EEXIST);
	CHECK_ERR(f_link(fs->root, "hard", "missing/new", false), -HF_ENOENT);
	CHECK_ERR(f_link(fs->root, "hard", "hard/new", false), -HF_ENOTDIR);
	CHECK_OK(f_put(other.root, "file", ""));
	CHECK_OK(f_open(other.root, "file", 0, &foreign));
	CHECK_ERR(fs->root->ops->link(fs->root, "new", 3, foreign), -HF_EXDEV);
	CHECK_ERR(fs->root->ops->link(fs->root, "dir", 3, foreign), -HF_EEXIST);
	CHECK_ERR(fs->root->ops->rename(fs->root, "hard", 4, other.root, "new", 3), -HF_EXDEV);
	hf_vnode_unref(foreign);
	foreign = hf_device(HF_DEV_NULL);
	CHECK_ERR(fs->root->ops->link(fs->root, "new", 3, foreign), -HF_EXDEV);
	hf_vnode_unref(foreign);
	fs_end(&other);
	f_check_tree(fs->root);
}

static void check_most(struct fs *fs)
{
	char name[32];
	CHECK_OK(f_put(fs->root, "most", ""));
	CHECK_OK(f_mkdir(fs->root, "links"));
	for (int i = 1; i < HF_MEM_LINK_MAX; i++) {
		snprintf(name, sizeof name, "links/%d", i);
		CHECK_OK(f_link(fs->root, "most", name, false));
	}
	CHECK_ERR(f_link(fs->root, "most", "links/more", false), -HF_EMLINK);
	CHECK_OK(f_unlink(fs->root, "links/77"));
	CHECK_OK(f_link(fs->root, "most", "links/more", false));
}

int main(void)
{
	struct fs fs = fs_begin();
	check_sharing(&fs);
	check_errors(&fs);
	check_most(&fs);
	fs_end(&fs);
	return done();
}
