/* Threads create, remove, rename and link the same few names in the same few directories, concurrently; then the tree is consistent. */
#include "platform/alloc.h"

#include "support/files.h"

#include <stdio.h>
#include <string.h>

#define THREADS 4

static struct budget budget;

/* Short paths of a few names, so that threads collide; never the root itself. */
static void make_path(uint64_t *seed, char *out)
{
	uint32_t parts = 1 + random_below(seed, 3);
	*out = 0;
	for (uint32_t i = 0; i < parts; i++) {
		static const char *const names[] = {"a", "b", "c", "d"};
		strcat(out, names[random_below(seed, 4)]);
		strcat(out, i + 1 < parts ? "/" : "");
	}
}

static int use_file(struct hf_vnode *root, const char *path, uint64_t *seed)
{
	struct hf_vnode *file = NULL;
	struct hf_attr attr;
	char buffer[100];
	int err = f_open(root, path, F_CREATE | F_WRITE, &file);
	if (err)
		return err;
	CHECK(f_write(file, random_below(seed, 70000), path, (uint32_t)strlen(path)) > 0);
	CHECK(f_read(file, random_below(seed, 70000), buffer, sizeof buffer) >= 0);
	CHECK_OK(file->ops->getattr(file, &attr));
	CHECK_EQ(attr.filetype, HF_FILETYPE_REGULAR_FILE);
	CHECK_OK(file->ops->sync(file));
	hf_vnode_unref(file);
	return 0;
}

static bool take_all(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	uint64_t *cookie = context;
	(void)ino, (void)filetype, (void)name;
	CHECK(next > *cookie && size > 0);
	*cookie = next;
	return true;
}

static int use_directory(struct hf_vnode *root, const char *path)
{
	struct hf_vnode *dir = NULL, *parent = NULL;
	uint64_t cookie = 0;
	int err = f_open(root, path, F_DIRECTORY, &dir);
	if (err)
		return err;
	err = dir->ops->readdir(dir, 0, take_all, &cookie);
	if (err == 0)
		err = dir->ops->parent(dir, &parent);
	hf_vnode_unref(parent);
	hf_vnode_unref(dir);
	return err;
}

static int do_something(struct hf_vnode *root, uint64_t *seed)
{
	char from[32], to[32];
	struct hf_attr attr;
	make_path(seed, from);
	make_path(seed, to);
	switch (random_below(seed, 12)) {
	case 0:
	case 1:
		return f_mkdir(root, from);
	case 2:
		return f_rmdir(root, from);
	case 3:
		return f_unlink(root, from);
	case 4:
	case 5:
	case 6:
		return f_rename(root, from, to);
	case 7:
		return f_link(root, from, to, false);
	case 8:
		return f_symlink(root, to, from);
	case 9:
		return use_directory(root, from);
	case 10:
		return f_stat(root, from, true, &attr);
	default:
		return use_file(root, from, seed);
	}
}

static void hammer(void *context, unsigned number)
{
	struct hf_vnode *root = context;
	uint64_t seed = number * 7919 + budget.until + 1;
	while (time_left(&budget)) {
		int err = do_something(root, &seed);
		CHECK(err == 0 || err == -HF_ENOENT || err == -HF_EEXIST || err == -HF_ENOTDIR || err == -HF_EISDIR ||
		      err == -HF_ENOTEMPTY || err == -HF_EINVAL || err == -HF_EPERM || err == -HF_ELOOP);
	}
}

/* Everything can be removed, and then nothing is left. */
static void remove_all(struct hf_vnode *root, struct hf_vnode *dir)
{
	for (char name[] = "a"; name[0] <= 'd'; name[0]++) {
		struct hf_vnode *vnode = NULL;
		if (dir->ops->lookup(dir, name, 1, &vnode) != 0)
			continue;
		if (vnode->filetype == HF_FILETYPE_DIRECTORY) {
			remove_all(root, vnode);
			CHECK_OK(dir->ops->rmdir(dir, name, 1));
		} else {
			CHECK_OK(dir->ops->unlink(dir, name, 1));
		}
		hf_vnode_unref(vnode);
	}
}

int main(void)
{
	for (int round = 0; round < 4; round++) {
		struct fs fs = fs_begin();
		budget = (struct budget){.milliseconds = 400};
		in_threads(THREADS, hammer, fs.root);
		f_check_tree(fs.root);
		if (round & 1) {
			remove_all(fs.root, fs.root);
			CHECK_EQ(f_check_tree(fs.root), 0);
			CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, 1);
			CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 0);
		}
		fs_end(&fs);
		CHECK_EQ(hf_alloc_blocks(), 0);
	}
	return done();
}
