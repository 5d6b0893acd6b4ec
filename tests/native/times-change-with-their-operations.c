/* Which operations change which times, and that a time that was only marked for an update becomes visible at a stat or a sync at the latest. */
#include "support/files.h"

static struct hf_attr look(struct hf_vnode *vnode)
{
	struct hf_attr attr;
	CHECK_OK(vnode->ops->getattr(vnode, &attr));
	return attr;
}

/* Lets the clock step. */
static uint64_t later(void)
{
	uint64_t now = hf_plat_realtime();
	while (hf_plat_realtime() <= now)
		;
	return hf_plat_realtime();
}

static void check_file(struct hf_vnode *root)
{
	struct hf_vnode *file = NULL;
	char byte;
	uint64_t start = later(), end;
	CHECK_OK(f_open(root, "file", F_CREATE, &file));
	struct hf_attr born = look(file);
	CHECK(born.atim >= start && born.mtim == born.atim && born.ctim == born.atim);

	uint64_t before = later();
	CHECK_EQ(f_write(file, 0, "x", 1), 1);
	uint64_t after = later();
	struct hf_attr written = look(file);
	CHECK(written.mtim >= before && written.mtim <= after && written.ctim == written.mtim);
	CHECK_EQ(written.atim, born.atim);

	before = later();
	CHECK_EQ(f_read(file, 0, &byte, 1), 1);
	after = later();
	struct hf_attr read = look(file);
	CHECK(read.atim >= before && read.atim <= after);
	CHECK_EQ(read.mtim, written.mtim);
	CHECK_EQ(read.ctim, written.ctim);

	/* Nothing was read or written: no time changes. */
	CHECK_EQ(f_write(file, 0, "", 0), 0);
	CHECK_EQ(f_append(file, "", 0, &end), 0);
	CHECK_EQ(f_read(file, 0, &byte, 0), 0);
	struct hf_attr same = look(file);
	CHECK(same.atim == read.atim && same.mtim == read.mtim && same.ctim == read.ctim);

	before = later();
	CHECK_OK(file->ops->truncate(file, 5));
	CHECK(look(file).mtim >= before);
	hf_vnode_unref(file);
}

/* Several writes: the reported time is not before the last one, and a sync (or a stat, or a close) makes it visible. */
static void check_marks(struct hf_vnode *root)
{
	struct hf_vnode *file = NULL;
	char byte;
	CHECK_OK(f_open(root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 0, "x", 1), 1);
	uint64_t before = later();
	CHECK_EQ(f_write(file, 0, "y", 1), 1);
	CHECK_EQ(f_read(file, 0, &byte, 1), 1);
	CHECK(look(file).mtim >= before);

	for (int i = 0; i < 3; i++)
		CHECK_EQ(f_write(file, 0, "z", 1), 1);
	CHECK_OK(file->ops->sync(file));
	uint64_t synced = later();
	struct hf_attr attr = look(file);
	CHECK(attr.mtim >= before && attr.mtim < synced);

	for (int i = 0; i < 3; i++)
		CHECK_EQ(f_read(file, 0, &byte, 1), 1);
	CHECK_OK(file->ops->sync(file));
	synced = later();
	CHECK(look(file).atim < synced);
	hf_vnode_unref(file);
}

static void check_setting(struct hf_vnode *root)
{
	struct hf_vnode *file = NULL;
	const uint64_t past = 1000, future = UINT64_MAX;
	CHECK_OK(f_open(root, "file", F_CREATE, &file));
	struct hf_attr was = look(file);
	uint64_t before = later();
	CHECK_OK(file->ops->set_times(file, &past, NULL));
	struct hf_attr is = look(file);
	CHECK(is.atim == past && is.mtim == was.mtim && is.ctim >= before);
	CHECK_OK(file->ops->set_times(file, NULL, &future));
	is = look(file);
	CHECK(is.atim == past && is.mtim == future);

	/* A change that was marked earlier does not appear later. */
	for (int i = 0; i < 3; i++)
		CHECK_EQ(f_write(file, 0, "x", 1), 1);
	CHECK_OK(file->ops->set_times(file, &past, &past));
	is = look(file);
	CHECK(is.atim == past && is.mtim == past && is.ctim >= before);
	CHECK_OK(file->ops->set_times(file, NULL, NULL));
	CHECK(look(file).mtim == past);
	hf_vnode_unref(file);
}

static bool take_nothing(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	(void)context, (void)next, (void)ino, (void)filetype, (void)name, (void)size;
	return false;
}

/* Changing names changes the times of the directory, and of the file that loses or gains a name. */
static void check_names(struct hf_vnode *root)
{
	struct hf_vnode *dir = NULL, *other = NULL, *file = NULL;
	CHECK_OK(f_mkdir(root, "dir"));
	CHECK_OK(f_mkdir(root, "other"));
	CHECK_OK(f_open(root, "dir", 0, &dir));
	CHECK_OK(f_open(root, "other", 0, &other));

#define CHANGES(vnode, which, operation)     \
	do {                                     \
		uint64_t before_ = later();          \
		CHECK_OK(operation);                 \
		CHECK(look(vnode).which >= before_); \
		CHECK(look(vnode).ctim >= before_);  \
	} while (0)
	CHANGES(dir, mtim, f_put(root, "dir/a", ""));
	CHANGES(dir, mtim, f_mkdir(root, "dir/sub"));
	CHANGES(dir, mtim, f_symlink(root, "a", "dir/link"));
	CHECK_OK(f_open(root, "dir/a", 0, &file));
	CHANGES(file, ctim, f_link(root, "dir/a", "dir/b", false));
	CHANGES(dir, mtim, f_link(root, "dir/a", "dir/c", false));
	CHANGES(file, ctim, f_unlink(root, "dir/c"));
	CHANGES(dir, mtim, f_unlink(root, "dir/b"));
	CHANGES(dir, mtim, f_rmdir(root, "dir/sub"));
	CHANGES(dir, mtim, f_rename(root, "dir/a", "other/a"));
	CHANGES(other, mtim, f_rename(root, "other/a", "dir/a"));
	CHANGES(file, ctim, f_rename(root, "dir/a", "dir/d"));
	CHANGES(dir, mtim, f_rename(root, "dir/d", "dir/a"));
#undef CHANGES
	uint64_t before = later();
	CHECK_OK(dir->ops->readdir(dir, 0, take_nothing, NULL));
	CHECK(look(dir).atim >= before && look(dir).mtim < before);
	hf_vnode_unref(file);
	hf_vnode_unref(dir);
	hf_vnode_unref(other);
}

static void check_link(struct hf_vnode *root)
{
	struct hf_vnode *link = NULL;
	char target[8];
	CHECK_OK(f_symlink(root, "target", "link"));
	CHECK_OK(root->ops->lookup(root, "link", 4, &link));
	struct hf_attr was = look(link);
	CHECK_EQ(was.size, 6);
	uint64_t before = later();
	CHECK_EQ(link->ops->readlink(link, target, sizeof target), 6);
	CHECK(look(link).atim >= before && look(link).mtim == was.mtim);
	hf_vnode_unref(link);
}

int main(void)
{
	struct fs fs = fs_begin();
	check_file(fs.root);
	check_marks(fs.root);
	check_setting(fs.root);
	check_names(fs.root);
	check_link(fs.root);
	fs_end(&fs);
	return done();
}
