/* Which kinds of files a rename may replace, and the tree afterwards. */
#include "support/files.h"

static void make(struct fs *fs)
{
	CHECK_OK(f_mkdir(fs->root, "a"));
	CHECK_OK(f_mkdir(fs->root, "a/sub"));
	CHECK_OK(f_mkdir(fs->root, "b"));
	CHECK_OK(f_mkdir(fs->root, "empty"));
	CHECK_OK(f_put(fs->root, "file", "1"));
	CHECK_OK(f_put(fs->root, "b/file", "2"));
	CHECK_OK(f_symlink(fs->root, "file", "link"));
}

static void check_files(struct fs *fs)
{
	CHECK_ERR(f_rename(fs->root, "missing", "new"), -HF_ENOENT);
	CHECK_ERR(f_rename(fs->root, "file", "missing/new"), -HF_ENOENT);
	CHECK_ERR(f_rename(fs->root, "file", "link/new"), -HF_ENOTDIR);
	CHECK_ERR(f_rename(fs->root, "file", "empty"), -HF_EISDIR);
	CHECK_ERR(f_rename(fs->root, "file", "b"), -HF_EISDIR);
	CHECK_ERR(f_rename(fs->root, "b/file", "b"), -HF_ENOTEMPTY);
	CHECK_OK(f_rename(fs->root, "file", "file"));
	CHECK_OK(f_rename(fs->root, "file", "b/file"));
	f_check_text(fs->root, "b/file", "1");
	CHECK(!f_exists(fs->root, "file"));
	/* Links themselves are moved and replaced, not their targets. */
	CHECK_OK(f_rename(fs->root, "link", "b/link"));
	CHECK_OK(f_rename(fs->root, "b/file", "b/link"));
	f_check_text(fs->root, "b/link", "1");
	f_check_tree(fs->root);
}

/* Both names refer to the same file: POSIX requires that rename does nothing. */
static void check_same_file(struct fs *fs)
{
	CHECK_OK(f_link(fs->root, "b/link", "other", false));
	CHECK_OK(f_rename(fs->root, "other", "b/link"));
	CHECK(f_exists(fs->root, "other"));
	CHECK(f_exists(fs->root, "b/link"));
	CHECK_OK(f_unlink(fs->root, "other"));
}

static void check_directories(struct fs *fs)
{
	struct hf_vnode *sub = NULL, *parent = NULL, *a = NULL;
	CHECK_ERR(f_rename(fs->root, "a", "b"), -HF_ENOTEMPTY);
	CHECK_ERR(f_rename(fs->root, "a", "b/link"), -HF_ENOTDIR);
	CHECK_OK(f_open(fs->root, "a/sub", F_DIRECTORY, &sub));
	CHECK_OK(f_rename(fs->root, "a/sub", "empty"));
	/* The replaced directory is gone, the moved one has a new parent. */
	CHECK_OK(sub->ops->parent(sub, &parent));
	CHECK(parent == fs->root);
	hf_vnode_unref(parent);
	CHECK_OK(f_rename(fs->root, "empty", "b/moved"));
	CHECK_OK(f_rename(fs->root, "a", "b/moved/a"));
	f_check_tree(fs->root);
	CHECK_OK(f_open(fs->root, "b/moved/a", F_DIRECTORY, &a));
	CHECK_OK(a->ops->parent(a, &parent));
	CHECK(parent == sub);
	hf_vnode_unref(parent);
	hf_vnode_unref(sub);
	hf_vnode_unref(a);
	CHECK_OK(f_rename(fs->root, "b/moved/", "c/"));
	CHECK_ERR(f_rename(fs->root, "c/.", "d"), -HF_EBUSY);
	CHECK_ERR(f_rename(fs->root, "c", "b/.."), -HF_EBUSY);
	CHECK_ERR(f_rename(fs->root, "/", "d"), -HF_EBUSY);
	f_check_tree(fs->root);
}

int main(void)
{
	struct fs fs = fs_begin();
	make(&fs);
	check_files(&fs);
	check_same_file(&fs);
	check_directories(&fs);
	struct hf_vnode *file = NULL;
	CHECK_OK(f_put(fs.root, "file", ""));
	CHECK_OK(f_open(fs.root, "file", 0, &file));
	CHECK_ERR(fs.root->ops->rename(fs.root, "c", 1, file, "x", 1), -HF_ENOTDIR);
	CHECK_OK(fs.root->ops->rename(fs.root, "c", 1, fs.root, "x", 1));
	hf_vnode_unref(file);
	fs_end(&fs);
	return done();
}
