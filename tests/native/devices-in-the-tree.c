/* /dev: what each device reads and writes, and that devices are moved, listed and removed as files are, without ever going away themselves. */
#include "fs/devfs.h"

#include "platform/alloc.h"
#include "support/files.h"

#include <string.h>

static void check_null(struct hf_vnode *root)
{
	struct hf_vnode *null = NULL;
	char buffer[8] = "abcdefg";
	uint64_t end;
	/* Opened as a shell does for "> /dev/null". */
	CHECK_OK(f_open(root, "/dev/null", F_CREATE | F_TRUNC | F_WRITE, &null));
	CHECK_EQ(f_read(null, 0, buffer, sizeof buffer), 0);
	CHECK_EQ(f_write(null, 12, buffer, sizeof buffer), 8);
	CHECK_EQ(f_append(null, buffer, 3, &end), 3);
	CHECK_EQ(f_size(null), 0);
	CHECK_BYTES(buffer, "abcdefg", 8);
	hf_vnode_unref(null);
}

static void check_zero_and_full(struct hf_vnode *root)
{
	struct hf_vnode *zero = NULL, *full = NULL;
	static char buffer[100000];
	static const char zeros[sizeof buffer];
	CHECK_OK(f_open(root, "dev/zero", 0, &zero));
	CHECK_OK(f_open(root, "dev/full", 0, &full));
	memset(buffer, 'x', sizeof buffer);
	CHECK_EQ(f_read(zero, 12345, buffer, sizeof buffer), sizeof buffer);
	CHECK_BYTES(buffer, zeros, sizeof buffer);
	CHECK_EQ(f_write(zero, 0, buffer, 10), 10);
	buffer[0] = 'x';
	CHECK_EQ(f_read(full, 0, buffer, 2), 2);
	CHECK_EQ(buffer[0], 0);
	CHECK_ERR(f_write(full, 0, buffer, 1), -HF_ENOSPC);
	CHECK_EQ(f_write(full, 0, buffer, 0), 0);
	hf_vnode_unref(zero);
	hf_vnode_unref(full);
}

static void check_random(struct hf_vnode *root)
{
	struct hf_vnode *random = NULL, *urandom = NULL;
	static char a[5000], b[5000];
	CHECK_OK(f_open(root, "dev/random", 0, &random));
	CHECK_OK(f_open(root, "dev/urandom", 0, &urandom));
	CHECK_EQ(f_read(random, 0, a, sizeof a), sizeof a);
	CHECK_EQ(f_read(urandom, 0, b, sizeof b), sizeof b);
	for (size_t i = 0; i + 16 <= sizeof a; i += 16)
		CHECK(memcmp(a + i, b + i, 16) != 0);
	CHECK_EQ(f_write(random, 0, a, sizeof a), sizeof a);
	hf_vnode_unref(random);
	hf_vnode_unref(urandom);
}

/* Without a process they are only names. */
static void check_streams(struct hf_vnode *root)
{
	static const char *const names[] = {"dev/stdin", "dev/stdout", "dev/stderr", "dev/null"};
	struct hf_vnode *stream = NULL;
	char buffer[4];
	for (int i = 0; i < 3; i++) {
		CHECK_OK(f_open(root, names[i], F_WRITE, &stream));
		CHECK_EQ(hf_device_descriptor(stream), i);
		CHECK_ERR(f_read(stream, 0, buffer, 4), -HF_ENXIO);
		CHECK_ERR(f_write(stream, 0, buffer, 4), -HF_ENXIO);
		hf_vnode_unref(stream);
	}
	CHECK_OK(f_open(root, names[3], 0, &stream));
	CHECK_EQ(hf_device_descriptor(stream), -1);
	hf_vnode_unref(stream);
	CHECK_EQ(hf_device_descriptor(root), -1);
}

static void check_tree(struct fs *fs)
{
	struct hf_vnode *dev = NULL, *null = hf_device(HF_DEV_NULL), *found = NULL;
	struct hf_attr attr, other;
	char names[100];
	CHECK_OK(f_open(fs->root, "dev", F_DIRECTORY, &dev));
	f_list(dev, names, sizeof names);
	CHECK(strcmp(names, ". .. null zero full random urandom stdin stdout stderr ") == 0);
	CHECK_OK(f_stat(fs->root, "dev/null", false, &attr));
	CHECK_EQ(attr.filetype, HF_FILETYPE_CHARACTER_DEVICE);
	CHECK_EQ(attr.nlink, 1);
	CHECK_OK(f_stat(fs->root, "dev/zero", false, &other));
	CHECK(attr.dev == other.dev && attr.ino != other.ino);
	CHECK_OK(fs->root->ops->getattr(fs->root, &other));
	CHECK(attr.dev != other.dev);
	CHECK_ERR(f_open(fs->root, "dev/null/x", 0, &found), -HF_ENOTDIR);
	CHECK_ERR(f_open(fs->root, "dev/null/", 0, &found), -HF_ENOTDIR);
	CHECK_ERR(f_truncate(fs->root, "dev/null", 0), -HF_EINVAL);
	CHECK_ERR(null->ops->set_times(null, NULL, NULL), -HF_EPERM);

	CHECK_OK(f_rename(fs->root, "dev/null", "nothing"));
	CHECK_OK(f_open(fs->root, "nothing", 0, &found));
	CHECK(found == null);
	hf_vnode_unref(found);
	CHECK_ERR(f_rmdir(fs->root, "nothing"), -HF_ENOTDIR);
	CHECK_OK(f_put(fs->root, "file", "text"));
	CHECK_OK(f_rename(fs->root, "file", "nothing"));
	f_check_text(fs->root, "nothing", "text");
	CHECK_OK(f_unlink(fs->root, "dev/full"));
	CHECK_EQ(f_check_tree(fs->root), 8);

	CHECK_OK(hf_memfs_attach(dev, "null", null));
	CHECK_ERR(hf_memfs_attach(dev, "null", null), -HF_EEXIST);
	CHECK_ERR(hf_memfs_attach(dev, "", null), -HF_EINVAL);
	CHECK_ERR(hf_memfs_attach(dev, "..", null), -HF_EINVAL);
	CHECK_ERR(hf_memfs_attach(dev, "a/b", null), -HF_EINVAL);
	CHECK_ERR(hf_memfs_attach(null, "x", null), -HF_ENOTDIR);
	CHECK_ERR(hf_memfs_attach(dev, "x", fs->root), -HF_EPERM);
	char longest[HF_NAME_MAX + 2];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	CHECK_ERR(hf_memfs_attach(dev, longest, null), -HF_ENAMETOOLONG);
	CHECK_OK(hf_memfs_attach(dev, longest + 1, null));
	/* A file of the same instance gets one more link. */
	CHECK_OK(f_open(fs->root, "nothing", 0, &found));
	CHECK_OK(hf_memfs_attach(dev, "linked", found));
	CHECK_EQ(f_nlink(found), 2);
	hf_vnode_unref(found);
	hf_vnode_unref(null);
	hf_vnode_unref(dev);
}

/* Either everything is there or nothing. */
static void check_failures(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.nodes = 6});
	struct hf_vnode *null = hf_device(HF_DEV_NULL);
	CHECK_ERR(hf_devfs_populate(fs.root), -HF_ENOSPC);
	CHECK_EQ(f_check_tree(fs.root), 0);
	CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, 1);
	CHECK_ERR(hf_devfs_populate(null), -HF_ENOTDIR);
	CHECK_OK(f_mkdir(fs.root, "dev"));
	CHECK_ERR(hf_devfs_populate(fs.root), -HF_EEXIST);
	hf_vnode_unref(null);
	fs_end(&fs);
}

int main(void)
{
	struct fs fs = fs_begin();
	CHECK_OK(hf_devfs_populate(fs.root));
	check_null(fs.root);
	check_zero_and_full(fs.root);
	check_random(fs.root);
	check_streams(fs.root);
	check_tree(&fs);
	fs_end(&fs);
	check_failures();
	return done();
}
