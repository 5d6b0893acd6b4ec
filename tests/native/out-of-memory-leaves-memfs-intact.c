/* In each operation the first, second, third … allocation and all later ones fail: the operation does everything or nothing, its result says which,
 * and it leaks nothing. */
#define _GNU_SOURCE
#include "fs/devfs.h"

#include "platform/alloc.h"
#include "support/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_MAX 24 /* more allocations than any operation here makes */

static char bytes[200000];

/* --- a tree to work on, and what it looks like --------------------------------------------------------------------- */

static void make(struct hf_vnode *root)
{
	char name[16];
	CHECK_OK(f_mkdir(root, "full"));
	/* Four and eight names fill a table: the next one makes it grow. */
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "full/%d", i);
		CHECK_OK(f_put(root, name, "text"));
	}
	CHECK_OK(f_mkdir(root, "many"));
	for (int i = 0; i < 33; i++) {
		snprintf(name, sizeof name, "many/%d", i);
		CHECK_OK(f_put(root, name, ""));
	}
	/* One more gone, and the table shrinks. */
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof name, "many/%d", i);
		CHECK_OK(f_unlink(root, name));
	}
	CHECK_OK(f_mkdir(root, "empty"));
	CHECK_OK(f_symlink(root, "full/0", "link"));
}

static void describe(FILE *out, struct hf_vnode *dir, int depth)
{
	char names[1000], *rest = names;
	f_list(dir, names, sizeof names);
	for (const char *name; (name = strtok_r(rest, " ", &rest)) != NULL;) {
		struct hf_vnode *vnode = NULL;
		struct hf_attr attr;
		if (name[0] == '.')
			continue;
		CHECK_OK(dir->ops->lookup(dir, name, strlen(name), &vnode));
		CHECK_OK(vnode->ops->getattr(vnode, &attr));
		fprintf(out, "%*s%s %u %u %u %u\n", depth, "", name, attr.filetype, (unsigned)attr.ino, (unsigned)attr.nlink,
		        (unsigned)attr.size);
		if (attr.filetype == HF_FILETYPE_DIRECTORY)
			describe(out, vnode, depth + 1);
		hf_vnode_unref(vnode);
	}
}

static char *description(struct fs *fs)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	CHECK(out);
	describe(out, fs->root, 0);
	fprintf(out, "%u nodes, %u bytes\n", (unsigned)hf_memfs_usage(fs->memfs).nodes,
	        (unsigned)hf_memfs_usage(fs->memfs).bytes);
	fclose(out);
	return text;
}

/* --- the operations ------------------------------------------------------------------------------------------------ */

static int create_file(struct hf_vnode *root)
{
	struct hf_vnode *out = NULL;
	int err = f_open(root, "full/new", F_CREATE, &out);
	hf_vnode_unref(out);
	return err;
}

static int create_first(struct hf_vnode *root)
{
	return f_mkdir(root, "empty/new");
}

static int create_link(struct hf_vnode *root)
{
	return f_symlink(root, "target", "full/new");
}

static int link_file(struct hf_vnode *root)
{
	return f_link(root, "full/0", "full/new", false);
}

static int rename_to_new(struct hf_vnode *root)
{
	return f_rename(root, "full", "empty/full");
}

static int rename_in_place(struct hf_vnode *root)
{
	return f_rename(root, "full/1", "full/new");
}

static int rename_over(struct hf_vnode *root)
{
	return f_rename(root, "full/1", "full/2");
}

static int unlink_shrinking(struct hf_vnode *root)
{
	return f_unlink(root, "many/25");
}

static int remove_directory(struct hf_vnode *root)
{
	return f_rmdir(root, "empty");
}

static int through_link(struct hf_vnode *root)
{
	struct hf_attr attr;
	return f_stat(root, "link", true, &attr);
}

static int populate(struct hf_vnode *root)
{
	return hf_devfs_populate(root);
}

static const struct {
	int (*run)(struct hf_vnode *root);
	bool never_fails; /* it needs no memory, or can manage without */
} operations[] = {
	{create_file, false},     {create_first, false},    {create_link, false}, {link_file, false},
	{rename_to_new, false},   {rename_in_place, false}, {rename_over, true},  {unlink_shrinking, true},
	{remove_directory, true}, {through_link, false},    {populate, false},
};

/* Returns false if the operation succeeded in spite of the failures. */
static bool fails_cleanly(size_t operation, uint32_t successes)
{
	struct fs fs = fs_begin();
	make(fs.root);
	char *before = description(&fs);
	hf_alloc_fail_after(successes);
	int err = operations[operation].run(fs.root);
	hf_alloc_fail_after(UINT32_MAX);
	char *after = description(&fs);
	CHECK(err == 0 || err == -HF_ENOSPC || err == -HF_ENOMEM);
	if (err)
		CHECK(strcmp(before, after) == 0);
	f_check_tree(fs.root);
	free(before);
	free(after);
	fs_end(&fs);
	CHECK_EQ(hf_alloc_blocks(), 0);
	return err != 0;
}

static void check_operations(void)
{
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		unsigned failures = 0;
		for (uint32_t n = 0; n < FAILURES_MAX; n++)
			failures += fails_cleanly(i, n);
		CHECK(failures < FAILURES_MAX);
		CHECK_EQ(failures == 0, operations[i].never_fails);
	}
}

/* --- data ---------------------------------------------------------------------------------------------------------- */

/* Writes may succeed partly; the data around the written part stays unchanged. */
static void check_write(uint64_t offset, uint32_t size, uint32_t successes)
{
	static char out[sizeof bytes + 1];
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 0, "0123456789", 10), 10);
	uint64_t used = hf_memfs_usage(fs.memfs).bytes;
	hf_alloc_fail_after(successes);
	int64_t moved = f_write(file, offset, bytes, size);
	hf_alloc_fail_after(UINT32_MAX);
	CHECK(moved == -HF_ENOSPC || moved > 0);
	if (moved < 0) {
		CHECK_EQ(f_size(file), 10);
		CHECK_EQ(hf_memfs_usage(fs.memfs).bytes, used);
		CHECK_EQ(f_read(file, 0, out, 20), 10);
		CHECK_BYTES(out, "0123456789", 10);
	} else {
		CHECK_EQ(f_size(file), offset + (uint64_t)moved);
		CHECK_EQ(f_read(file, offset, out, sizeof out), moved);
		CHECK_BYTES(out, bytes, (size_t)moved);
	}
	hf_vnode_unref(file);
	fs_end(&fs);
	CHECK_EQ(hf_alloc_blocks(), 0);
}

static void check_allocate(uint64_t offset, uint64_t size, uint32_t successes)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	CHECK_EQ(f_write(file, 0, "0123456789", 10), 10);
	hf_alloc_fail_after(successes);
	int err = file->ops->allocate(file, offset, size);
	hf_alloc_fail_after(UINT32_MAX);
	CHECK(err == 0 || err == -HF_ENOSPC);
	CHECK_EQ(f_size(file), err ? 10 : offset + size);
	if (err)
		CHECK(hf_memfs_usage(fs.memfs).bytes <= 65536);
	hf_vnode_unref(file);
	fs_end(&fs);
	CHECK_EQ(hf_alloc_blocks(), 0);
}

static void check_data(void)
{
	static const uint64_t offsets[] = {5, 100, 60000, 65536, 1 << 20, UINT64_C(1) << 36, UINT64_C(1) << 60};
	static const uint32_t sizes[] = {1, 1000, sizeof bytes};
	for (uint32_t n = 0; n < FAILURES_MAX; n++) {
		for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
			for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
				if (offsets[i] + sizes[j] > 10)
					check_write(offsets[i], sizes[j], n);
			}
			check_allocate(offsets[i], 200000, n);
		}
	}
}

static void check_new_instance(void)
{
	struct hf_memfs *fs;
	for (uint32_t n = 0; n < 2; n++) {
		hf_alloc_fail_after(n);
		CHECK_ERR(hf_memfs_create(NULL, &fs), -HF_ENOMEM);
		CHECK_EQ(hf_alloc_blocks(), 0);
	}
	hf_alloc_fail_after(2);
	CHECK_OK(hf_memfs_create(NULL, &fs));
	hf_memfs_release(fs);
	hf_alloc_fail_after(UINT32_MAX);
}

/* --- a long time under little memory ------------------------------------------------------------------------------- */

static void check_long_shortage(uint64_t seed)
{
	struct fs fs = fs_begin();
	char from[32], to[32];
	for (int i = 0; i < 20000; i++) {
		struct hf_vnode *file = NULL;
		snprintf(from, sizeof from, "%u/%u", random_below(&seed, 4), random_below(&seed, 40));
		snprintf(to, sizeof to, "%u/%u", random_below(&seed, 4), random_below(&seed, 40));
		hf_alloc_fail_after(random_below(&seed, 4) ? random_below(&seed, 6) : UINT32_MAX);
		switch (random_below(&seed, 8)) {
		case 0:
			(void)f_mkdir(fs.root, random_below(&seed, 2) ? from : (from[1] = 0, from));
			break;
		case 1:
			(void)f_unlink(fs.root, from);
			break;
		case 2:
			(void)f_rename(fs.root, from, to);
			break;
		case 3:
			(void)f_link(fs.root, from, to, false);
			break;
		case 4:
			(void)f_symlink(fs.root, from, to);
			break;
		case 5:
			(void)f_rmdir(fs.root, from);
			break;
		default:
			if (f_open(fs.root, from, F_CREATE | F_WRITE, &file) == 0) {
				(void)f_write(file, random_below(&seed, 1 << 20), bytes, random_below(&seed, 10000));
				(void)file->ops->truncate(file, random_below(&seed, 1 << 20));
				hf_vnode_unref(file);
			}
		}
		hf_alloc_fail_after(UINT32_MAX);
		if (i % 500 == 0)
			f_check_tree(fs.root);
	}
	f_check_tree(fs.root);
	fs_end(&fs);
}

int main(void)
{
	memset(bytes, 'x', sizeof bytes);
	check_operations();
	check_data();
	check_new_instance();
	check_long_shortage(random_seed());
	return done();
}
