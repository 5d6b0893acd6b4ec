/* Paths that are not valid text, are empty, or are too long are refused; paths of exactly the maximum length are not. */
#include "support/files.h"

#include <string.h>

static int walk(struct hf_vnode *base, const char *path, size_t size)
{
	struct hf_path out;
	int err = hf_path_walk(base, path, size, 0, &out);
	if (err == 0)
		hf_path_release(&out);
	return err;
}

static void check_utf8(struct hf_vnode *base)
{
	/* The first and the last character of each length, and the neighbours of forbidden ones. */
	static const char *const good[] = {"\x01",
	                                   "\x7f",
	                                   "\xc2\x80",
	                                   "\xdf\xbf",
	                                   "\xe0\xa0\x80",
	                                   "\xec\xbf\xbf",
	                                   "\xed\x80\x80",
	                                   "\xed\x9f\xbf",
	                                   "\xee\x80\x80",
	                                   "\xef\xbf\xbf",
	                                   "\xf0\x90\x80\x80",
	                                   "\xf3\xbf\xbf\xbf",
	                                   "\xf4\x80\x80\x80",
	                                   "\xf4\x8f\xbf\xbf",
	                                   "na\xc3\xafve",
	                                   "12345678\xc2\x80zyxwvut"};
	static const char *const bad[] = {"\x80",
	                                  "\xbf",
	                                  "\xc0\x80",
	                                  "\xc1\xbf",
	                                  "\xc2",
	                                  "\xc2z",
	                                  "\xc2\xc0",
	                                  "\xe0\x80\x80",
	                                  "\xe0\x9f\xbf",
	                                  "\xe1\x80",
	                                  "\xe1\x80z",
	                                  "\xed\xa0\x80",
	                                  "\xed\xbf\xbf",
	                                  "\xf0\x80\x80\x80",
	                                  "\xf0\x8f\xbf\xbf",
	                                  "\xf1\x80\x80",
	                                  "\xf4\x90\x80\x80",
	                                  "\xf5\x80\x80\x80",
	                                  "\xff",
	                                  "\xfe",
	                                  "12345678\x80",
	                                  "1234567\x80",
	                                  "1234567\xc2",
	                                  "a/\xff/b"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		CHECK_OK(hf_path_check_text(good[i], strlen(good[i])));
		CHECK_ERR(walk(base, good[i], strlen(good[i])), -HF_ENOENT);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_ERR(hf_path_check_text(bad[i], strlen(bad[i])), -HF_EILSEQ);
		CHECK_ERR(walk(base, bad[i], strlen(bad[i])), -HF_EILSEQ);
	}
}

static void check_nul(struct hf_vnode *base)
{
	CHECK_ERR(walk(base, "", 1), -HF_EINVAL);
	CHECK_ERR(walk(base, "dir\0", 4), -HF_EINVAL);
	CHECK_ERR(walk(base, "12345678\0abcdefg", 16), -HF_EINVAL);
	/* At every position in a word, also after a byte 1, from which a borrow could propagate. */
	for (size_t i = 0; i < 24; i++) {
		char path[24];
		memset(path, 1, sizeof path);
		path[i] = 0;
		CHECK_ERR(walk(base, path, sizeof path), -HF_EINVAL);
		path[i] = (char)0x80;
		CHECK_ERR(walk(base, path, sizeof path), -HF_EILSEQ);
	}
}

static void check_lengths(struct hf_vnode *base)
{
	static char path[HF_PATH_MAX + 2];
	CHECK_ERR(walk(base, "", 0), -HF_ENOENT);
	memset(path, 'x', sizeof path);
	CHECK_ERR(walk(base, path, HF_NAME_MAX), -HF_ENOENT);
	CHECK_ERR(walk(base, path, HF_NAME_MAX + 1), -HF_ENAMETOOLONG);
	memset(path, '/', sizeof path);
	memcpy(path, "dir", 3);
	CHECK_OK(walk(base, path, HF_PATH_MAX));
	CHECK_ERR(walk(base, path, HF_PATH_MAX + 1), -HF_ENAMETOOLONG);
	/* A name that is too long fails only if the walk reaches it. */
	memset(path, 'x', sizeof path);
	memcpy(path, "missing/", 8);
	CHECK_ERR(walk(base, path, 1000), -HF_ENOENT);
	memcpy(path, "dir/////", 8);
	CHECK_ERR(walk(base, path, 1000), -HF_ENAMETOOLONG);
}

/* Walks hundreds of directories deep and back, so that the stack of directories grows. */
static void check_depth(struct hf_vnode *base)
{
	static char path[HF_PATH_MAX];
	struct hf_vnode *at = hf_vnode_ref(base), *next = NULL;
	struct hf_path out;
	for (int i = 0; i < HF_PATH_MAX / 2; i++) {
		memcpy(path + 2 * i, "d/", 2);
		CHECK_OK(at->ops->create(at, "d", 1, HF_FILETYPE_DIRECTORY, &next));
		hf_vnode_unref(at);
		at = next;
	}
	CHECK_OK(hf_path_walk(base, path, sizeof path, 0, &out));
	CHECK(out.vnode == at);
	hf_path_release(&out);
	size_t third = sizeof path / 6 * 2;
	for (size_t i = third; i + 3 <= sizeof path; i += 3)
		memcpy(path + i, "../", 3);
	CHECK_OK(hf_path_walk(base, path, third + third / 2 * 3, 0, &out));
	CHECK(out.vnode == base);
	hf_path_release(&out);
	CHECK_ERR(hf_path_walk(base, path, third + third / 2 * 3 + 3, 0, &out), -HF_EPERM);
	hf_vnode_unref(at);
}

/* Links can take a walk deeper than any path could; that is limited, too. */
static void check_depth_by_links(struct hf_vnode *root)
{
	enum { LEG = 2000 };
	static char path[2 * LEG + 3];
	struct hf_vnode *at = hf_vnode_ref(root), *next = NULL;
	struct hf_path out;
	for (int i = 0; i < LEG; i++)
		memcpy(path + 2 * i, "d/", 2);
	for (int depth = 1; depth <= 3 * LEG; depth++) {
		int err = at->ops->lookup(at, "d", 1, &next);
		if (err)
			CHECK_OK(at->ops->create(at, "d", 1, HF_FILETYPE_DIRECTORY, &next));
		hf_vnode_unref(at);
		at = next;
		if (depth % LEG == 0)
			CHECK_OK(at->ops->symlink(at, "L", 1, path, 2 * LEG));
	}
	hf_vnode_unref(at);
	CHECK_OK(hf_path_walk(root, "d/..", 4, 0, &out));
	hf_path_release(&out);
	memcpy(path + 2 * LEG, "L/L", 3);
	CHECK_OK(hf_path_walk(root, path, 2 * LEG + 2, 0, &out));
	hf_path_release(&out);
	CHECK_ERR(hf_path_walk(root, path, 2 * LEG + 3, HF_PATH_FOLLOW, &out), -HF_ENAMETOOLONG);
	CHECK_ERR(hf_path_walk(root, path, 2 * LEG + 3, 0, &out), 0);
	hf_path_release(&out);
}

int main(void)
{
	struct fs fs = fs_begin();
	CHECK_OK(f_mkdir(fs.root, "dir"));
	check_utf8(fs.root);
	check_nul(fs.root);
	check_lengths(fs.root);
	check_depth(fs.root);
	check_depth_by_links(fs.root);
	CHECK_OK(f_put(fs.root, "file", ""));
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", 0, &file));
	CHECK_ERR(walk(file, ".", 1), -HF_ENOTDIR);
	hf_vnode_unref(file);
	fs_end(&fs);
	return done();
}
