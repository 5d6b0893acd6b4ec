/* tree.c - the file system of a new runtime. */
#include "fs/tree.h"

#include "fs/devfs.h"

int hf_tree_create(uint64_t memory, struct hf_memfs **fs, struct hf_vnode **root)
{
	/* A guest that fills the file system gets ENOSPC, and the kernel keeps a quarter of its memory for everything else. A node takes about 300 bytes. */
	const struct hf_memfs_limits limits = {.bytes = memory / 4 * 3, .nodes = memory / 4096};
	struct hf_memfs *made;
	struct hf_vnode *top, *tmp;
	int result = hf_memfs_create(&limits, &made);
	if (result < 0)
		return result;
	top = hf_memfs_root(made);
	result = hf_devfs_populate(top);
	if (result == 0)
		result = top->ops->create(top, "tmp", 3, HF_FILETYPE_DIRECTORY, &tmp);
	if (result < 0) {
		hf_tree_release(made, top);
		return result;
	}
	hf_vnode_unref(tmp);
	*fs = made;
	*root = top;
	return 0;
}

void hf_tree_release(struct hf_memfs *fs, struct hf_vnode *root)
{
	hf_vnode_unref(root);
	hf_memfs_release(fs);
}
