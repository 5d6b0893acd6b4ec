/* Directories are moved out of a base and back while others walk through them with "..": no walk ever sees anything outside.
 */
#include "support/files.h"

#include <string.h>

#define THREADS 4

static struct budget budget = {.milliseconds = 1200};
static struct fs fs;
static struct hf_vnode *base;
static _Atomic uint32_t inside;

static void move(uint64_t *seed)
{
	static const char *const places[] = {"base/a/b", "elsewhere/b", "b", "base/b"};
	(void)f_rename(fs.root, places[random_below(seed, 4)], places[random_below(seed, 4)]);
}

static void walk(uint64_t *seed)
{
	static const char *const paths[] = {
		"a/b/../secret",    "a/b/../../secret",    "a/b/c/../../secret", "a/b/c/../../../secret", "b/../secret",
		"b/c/../../secret", "a/b/up/secret",       "a/b/up/up/secret",   "a/b/up2/secret",        "a/b/up2/../secret",
		"b/up2/secret",     "a/b/c/../up2/secret", "a/b/c/../../inside", "a/b/up/inside",
	};
	const char *path = paths[random_below(seed, sizeof paths / sizeof paths[0])];
	struct hf_path found;
	int err = hf_path_walk(base, path, strlen(path), HF_PATH_FOLLOW, &found);
	CHECK(err == 0 || err == -HF_ENOENT || err == -HF_EPERM);
	if (err == 0) {
		CHECK(strstr(path, "inside"));
		CHECK_EQ(f_size(found.vnode), 6);
		atomic_fetch_add(&inside, 1);
		hf_path_release(&found);
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	/* Continues until a walk has found something inside, even on a slow machine. */
	while (time_left(&budget) || atomic_load(&inside) == 0) {
		if (number == 0)
			move(&seed);
		else
			walk(&seed);
	}
}

int main(void)
{
	fs = fs_begin();
	CHECK_OK(f_put(fs.root, "secret", "secret!"));
	CHECK_OK(f_mkdir(fs.root, "elsewhere"));
	CHECK_OK(f_put(fs.root, "elsewhere/secret", "secret!"));
	CHECK_OK(f_mkdir(fs.root, "base"));
	CHECK_OK(f_mkdir(fs.root, "base/a"));
	CHECK_OK(f_put(fs.root, "base/a/inside", "inside"));
	CHECK_OK(f_mkdir(fs.root, "base/a/b"));
	CHECK_OK(f_mkdir(fs.root, "base/a/b/c"));
	CHECK_OK(f_symlink(fs.root, "..", "base/a/b/up"));
	CHECK_OK(f_symlink(fs.root, "../..", "base/a/b/up2"));
	CHECK_OK(f_open(fs.root, "base", 0, &base));
	in_threads(THREADS, hammer, NULL);
	f_check_tree(fs.root);
	hf_vnode_unref(base);
	fs_end(&fs);
	return done();
}
