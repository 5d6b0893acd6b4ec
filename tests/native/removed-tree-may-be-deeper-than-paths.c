/* hf.fs.rm removes a tree deeper than any path is long, and nothing that lies elsewhere; without memory it returns the
 * error. */
#include "coordinator/root.h"
#include "platform/alloc.h"
#include "support/files.h"
#include "support/removal.h"

#include <string.h>

enum { DEPTH = 20000 };

/* A chain of directories, each with a file and a link beside the next. */
static void make_chain(struct hf_vnode *top, struct hf_vnode *kept)
{
	struct hf_vnode *dir = hf_vnode_ref(top), *next, *file;
	for (int i = 0; i < DEPTH; i++) {
		CHECK_OK(dir->ops->create(dir, "file", 4, HF_FILETYPE_REGULAR_FILE, &file));
		hf_vnode_unref(file);
		CHECK_OK(dir->ops->symlink(dir, "link", 4, "../file", 7));
		CHECK_OK(dir->ops->create(dir, "down", 4, HF_FILETYPE_DIRECTORY, &next));
		hf_vnode_unref(dir);
		dir = next;
	}
	CHECK_OK(dir->ops->link(dir, "kept", 4, kept));
	hf_vnode_unref(dir);
}

int main(void)
{
	struct hf_vnode *root, *top, *kept;
	CHECK_OK(hf_root_create(1 << 30));
	root = hf_root_vnode();
	CHECK_OK(f_mkdir(root, "/top"));
	CHECK_OK(f_put(root, "/kept", "text"));
	CHECK_OK(f_open(root, "/kept", 0, &kept));
	CHECK_OK(f_open(root, "/top", F_DIRECTORY, &top));
	uint64_t nodes = hf_memfs_usage(hf_root_fs()).nodes;
	make_chain(top, kept);
	CHECK_EQ(f_nlink(kept), 2);

	hf_alloc_fail_after(0);
	CHECK_ERR(remove_tree("/top"), -HF_ENOMEM);
	hf_alloc_fail_after(UINT32_MAX);
	CHECK_EQ(f_nlink(kept), 2);

	CHECK_OK(remove_tree("/top/"));
	CHECK(!f_exists(root, "/top"));
	CHECK_EQ(f_nlink(kept), 1);
	f_check_text(root, "/kept", "text");
	hf_vnode_unref(top);
	CHECK_EQ(hf_memfs_usage(hf_root_fs()).nodes, nodes - 1);

	CHECK_ERR(remove_tree("/top"), -HF_ENOENT);
	CHECK_ERR(remove_tree("/kept"), -HF_ENOTDIR);
	CHECK_ERR(remove_tree("/"), -HF_EBUSY);
	CHECK_OK(f_mkdir(root, "/empty"));
	CHECK_OK(f_symlink(root, "/", "/empty/everything"));
	CHECK_OK(remove_tree("/empty"));
	CHECK_OK(remove_tree("/dev")); /* devices have names like any other */

	hf_vnode_unref(kept);
	hf_memfs_release(hf_root_fs());
	hf_vnode_unref(root);
	return done();
}
