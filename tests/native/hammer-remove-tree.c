/* hf.fs.rm of a tree in which threads make, move and remove directories: it always ends, never leaves the tree, and removes everything once they
 * have stopped. */
#include "coordinator/root.h"
#include "support/files.h"
#include "support/removal.h"

#include <stdio.h>
#include <string.h>

enum { THREADS = 3 };

static struct budget budget = {.milliseconds = 1000};
static struct hf_vnode *root;

static void some_path(uint64_t *random, char *path)
{
	strcpy(path, "/top");
	for (uint32_t depth = random_below(random, 4); depth-- > 0;)
		sprintf(path + strlen(path), "/%u", (unsigned)random_below(random, 3));
}

/* Any result is fine: the tree is being removed. */
static void disturb(uint64_t *random)
{
	char path[64], other[64];
	some_path(random, path);
	some_path(random, other);
	switch (random_below(random, 4)) {
	case 0:
		(void)f_put(root, strcat(path, "/file"), "x");
		break;
	case 1:
		(void)f_rename(root, path, other);
		break;
	case 2:
		/* Moves it out of the tree. If the removal is inside it at that moment it continues there, as rm(1) does, and removes its contents, but
		 * neither the directory itself nor its new siblings. */
		if (f_rename(root, path, "/saved/dir") == 0)
			CHECK(f_exists(root, "/saved/dir"));
		f_check_text(root, "/saved/proof", "x");
		break;
	default:
		(void)f_mkdir(root, path);
		break;
	}
}

static void work(void *context, unsigned number)
{
	uint64_t random = *(uint64_t *)context + number;
	char list[64];
	while (time_left(&budget)) {
		if (number > 0) {
			disturb(&random);
			continue;
		}
		int result = remove_tree("/top");
		CHECK(result == 0 || result == -HF_ENOENT || result == -HF_ENOTEMPTY);
		struct hf_vnode *beside;
		CHECK_OK(f_open(root, "/beside", F_DIRECTORY, &beside));
		f_list(beside, list, sizeof list);
		hf_vnode_unref(beside);
		CHECK(strcmp(list, ". .. file ") == 0);
	}
}

int main(void)
{
	uint64_t seed = random_seed();
	CHECK_OK(hf_root_create(1 << 28));
	root = hf_root_vnode();
	CHECK_OK(f_mkdir(root, "/beside"));
	CHECK_OK(f_put(root, "/beside/file", "text"));
	CHECK_OK(f_mkdir(root, "/saved"));
	CHECK_OK(f_put(root, "/saved/proof", "x"));
	in_threads(THREADS, work, &seed);
	int result = remove_tree("/top");
	CHECK(result == 0 || result == -HF_ENOENT);
	CHECK(!f_exists(root, "/top"));
	f_check_text(root, "/saved/proof", "x");
	hf_memfs_release(hf_root_fs());
	hf_vnode_unref(root);
	return done();
}
