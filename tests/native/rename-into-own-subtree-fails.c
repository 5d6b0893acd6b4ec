/* A directory cannot be moved into itself, at any depth, and a failed attempt changes nothing. */
#include "support/files.h"

#include <stdio.h>
#include <string.h>

#define DEPTH 3000

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *at = hf_vnode_ref(fs.root), *next = NULL;
	CHECK_OK(f_mkdir(fs.root, "a"));
	CHECK_OK(f_mkdir(fs.root, "a/b"));
	CHECK_OK(f_mkdir(fs.root, "a/b/c"));
	CHECK_ERR(f_rename(fs.root, "a", "a/new"), -HF_EINVAL);
	CHECK_ERR(f_rename(fs.root, "a", "a/b"), -HF_EINVAL);
	CHECK_ERR(f_rename(fs.root, "a", "a/b/c"), -HF_EINVAL);
	CHECK_ERR(f_rename(fs.root, "a", "a/b/c/new"), -HF_EINVAL);
	CHECK_ERR(f_rename(fs.root, "a/b", "a/b/c/new"), -HF_EINVAL);
	/* Onto an ancestor fails for another reason. */
	CHECK_ERR(f_rename(fs.root, "a/b/c", "a/b"), -HF_ENOTEMPTY);
	CHECK_ERR(f_rename(fs.root, "a/b/c", "a"), -HF_ENOTEMPTY);
	CHECK_OK(f_rename(fs.root, "a", "a"));
	CHECK_EQ(f_check_tree(fs.root), 3);

	/* Deeper than any path. */
	for (int i = 0; i < DEPTH; i++) {
		CHECK_OK(at->ops->create(at, "d", 1, HF_FILETYPE_DIRECTORY, &next));
		hf_vnode_unref(at);
		at = next;
	}
	CHECK_ERR(fs.root->ops->rename(fs.root, "d", 1, at, "new", 3), -HF_EINVAL);
	CHECK_ERR(at->ops->rename(fs.root, "a", 1, at, "a", 1), 0);
	CHECK(!f_exists(fs.root, "a"));
	hf_vnode_unref(at);
	fs_end(&fs);
	return done();
}
