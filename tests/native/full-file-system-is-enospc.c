/* At a limit calls fail with ENOSPC or EFBIG, or write short where some bytes still fit, and change nothing else. Space is available again once
 * something is removed. */
#include "support/files.h"

#include <stdio.h>
#include <string.h>

static char bytes[5 * 65536];

static void check_bytes_limit(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.bytes = 3 * 65536});
	struct hf_vnode *a = NULL, *b = NULL;
	uint64_t end;
	CHECK_OK(f_open(fs.root, "a", F_CREATE, &a));
	CHECK_OK(f_open(fs.root, "b", F_CREATE, &b));
	memset(bytes, 'x', sizeof bytes);
	CHECK_EQ(f_write(a, 0, bytes, sizeof bytes), 3 * 65536);
	CHECK_EQ(f_size(a), 3 * 65536);
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 3 * 65536);
	CHECK_ERR(f_write(a, 3 * 65536, "x", 1), -HF_ENOSPC);
	CHECK_ERR(f_append(a, "x", 1, &end), -HF_ENOSPC);
	CHECK_ERR(f_write(b, 0, "x", 1), -HF_ENOSPC);
	CHECK_ERR(f_write(b, UINT64_C(1) << 40, "x", 1), -HF_ENOSPC);
	CHECK_EQ(f_size(a), 3 * 65536);
	CHECK_EQ(f_size(b), 0);
	/* Overwriting needs no space, and neither does a hole. */
	CHECK_EQ(f_write(a, 65530, "yyyyyyyyyyyy", 12), 12);
	CHECK_OK(b->ops->truncate(b, UINT64_C(1) << 40));
	CHECK_OK(f_mkdir(fs.root, "dir"));
	/* Truncating and removing free space for others. */
	CHECK_OK(a->ops->truncate(a, 2 * 65536));
	CHECK_EQ(f_write(b, 0, bytes, 65536), 65536);
	CHECK_ERR(f_write(b, 65536, "x", 1), -HF_ENOSPC);
	CHECK_OK(f_unlink(fs.root, "a"));
	CHECK_ERR(f_write(b, 65536, "x", 1), -HF_ENOSPC);
	hf_vnode_unref(a);
	CHECK_EQ(f_write(b, 65536, "x", 1), 1);
	hf_vnode_unref(b);
	fs_end(&fs);
}

static void check_links_count(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.bytes = 10});
	CHECK_OK(f_symlink(fs.root, "12345678", "link"));
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 8);
	CHECK_ERR(f_symlink(fs.root, "123", "more"), -HF_ENOSPC);
	CHECK_OK(f_symlink(fs.root, "12", "more"));
	CHECK_OK(f_unlink(fs.root, "link"));
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 2);
	CHECK_ERR(f_symlink(fs.root, "12", "more"), -HF_EEXIST);
	CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, 2);
	fs_end(&fs);
}

static void check_nodes_limit(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.nodes = 5});
	struct hf_vnode *open = NULL;
	CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, 1); /* the root */
	CHECK_OK(f_put(fs.root, "file", ""));
	CHECK_OK(f_mkdir(fs.root, "dir"));
	CHECK_OK(f_symlink(fs.root, "file", "link"));
	CHECK_OK(f_link(fs.root, "file", "hard", false));
	CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, 5);
	CHECK_ERR(f_put(fs.root, "new", ""), -HF_ENOSPC);
	CHECK_ERR(f_mkdir(fs.root, "new"), -HF_ENOSPC);
	CHECK_ERR(f_symlink(fs.root, "file", "new"), -HF_ENOSPC);
	CHECK_ERR(f_link(fs.root, "file", "new", false), -HF_ENOSPC);
	/* Errors of the name come first. */
	CHECK_ERR(f_mkdir(fs.root, "file"), -HF_EEXIST);
	CHECK_EQ(f_check_tree(fs.root), 4);
	/* A rename needs no space. */
	CHECK_OK(f_rename(fs.root, "file", "dir/file"));
	/* Removing an additional name frees its space at once; a file's space is freed only with its last reference. */
	CHECK_OK(f_unlink(fs.root, "hard"));
	CHECK_OK(f_put(fs.root, "new", ""));
	CHECK_OK(f_open(fs.root, "new", 0, &open));
	CHECK_OK(f_unlink(fs.root, "new"));
	CHECK_ERR(f_put(fs.root, "newer", ""), -HF_ENOSPC);
	hf_vnode_unref(open);
	CHECK_OK(f_put(fs.root, "newer", ""));
	/* A name that replaces another frees the other's space. */
	CHECK_OK(f_rename(fs.root, "newer", "link"));
	CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, 4);
	CHECK_EQ(f_check_tree(fs.root), 3);
	fs_end(&fs);
}

static void check_file_size_limit(void)
{
	struct fs fs = fs_begin_limited((struct hf_memfs_limits){.file_size = 100000});
	struct hf_vnode *file = NULL;
	uint64_t end;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 99990, bytes, 100), 10);
	CHECK_ERR(f_write(file, 100000, "x", 1), -HF_EFBIG);
	CHECK_ERR(f_write(file, UINT64_MAX, "x", 1), -HF_EFBIG);
	CHECK_ERR(f_append(file, "x", 1, &end), -HF_EFBIG);
	CHECK_EQ(f_write(file, 100000, "", 0), 0);
	CHECK_ERR(file->ops->truncate(file, 100001), -HF_EFBIG);
	CHECK_EQ(f_size(file), 100000);
	CHECK_OK(file->ops->truncate(file, 100000));
	hf_vnode_unref(file);
	fs_end(&fs);
}

static void check_largest_file(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_OK(file->ops->truncate(file, INT64_MAX));
	CHECK_ERR(file->ops->truncate(file, (uint64_t)INT64_MAX + 1), -HF_EFBIG);
	CHECK_EQ(f_write(file, INT64_MAX - 2, "abc", 3), 2);
	CHECK_ERR(f_write(file, INT64_MAX, "c", 1), -HF_EFBIG);
	hf_vnode_unref(file);
	fs_end(&fs);
}

int main(void)
{
	check_bytes_limit();
	check_links_count();
	check_nodes_limit();
	check_file_size_limit();
	check_largest_file();
	return done();
}
