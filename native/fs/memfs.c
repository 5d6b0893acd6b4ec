/* memfs.c - an instance of the in-memory file system. Its nodes are in memdir.c, memfile.c and memlink.c; memnode.h
 * describes their lifetimes. */
#include "fs/memfs.h"

#include "fs/memnode.h"
#include "fs/random.h"
#include "platform/alloc.h"

#include <string.h>

_Thread_local struct hf_budget *hf_account;

/* Numbers of devices, as stat reports them; 1 is devfs. */
static _Atomic uint64_t next_dev = 2;

static int create_root(struct hf_memfs *fs)
{
	struct hf_memnode *root;
	int err = hf__memnode_create(fs, &hf__memdir_ops, HF_FILETYPE_DIRECTORY, 0, hf_plat_realtime(), &root);
	if (err)
		return err;
	hf__names_init(&root->dir.names, &fs->key);
	root->dir.parent = root;
	atomic_init(&root->nlink, 2);
	fs->root = root;
	return 0;
}

int hf_memfs_create(const struct hf_memfs_limits *limits, struct hf_memfs **out)
{
	struct hf_memfs *fs = hf_file_alloc_zeroed(sizeof *fs);
	if (!fs)
		return -HF_ENOMEM;
	uint64_t file_size = limits ? limits->file_size : 0;
	hf_lock_init(&fs->tree, HF_RANK_TREE);
	atomic_init(&fs->holds, 1);
	atomic_init(&fs->next_ino, 1);
	hf_budget_init(&fs->bytes, limits ? limits->bytes : 0);
	hf_budget_init(&fs->nodes, limits ? limits->nodes : 0);
	fs->dev = atomic_fetch_add_explicit(&next_dev, 1, memory_order_relaxed);
	fs->file_size_max = file_size && file_size < INT64_MAX ? file_size : INT64_MAX;
	hf_random(&fs->key, sizeof fs->key);
	if (create_root(fs)) {
		hf_free(fs);
		return -HF_ENOMEM;
	}
	*out = fs;
	return 0;
}

void hf__memfs_drop(struct hf_memfs *fs)
{
	if (atomic_fetch_sub_explicit(&fs->holds, 1, memory_order_acq_rel) == 1)
		hf_free(fs);
}

struct hf_vnode *hf_memfs_root(struct hf_memfs *fs)
{
	return hf_vnode_ref(&fs->root->vnode);
}

void hf_memfs_release(struct hf_memfs *fs)
{
	hf_lock(&fs->tree);
	struct hf_memnode *root = fs->root;
	fs->released = true;
	fs->root = NULL;
	hf_unlock(&fs->tree);
	/* From here on no thread finds or adds a name, so the names can be removed one by one, without holding the lock for
	 * long. */
	hf__memdir_clear_tree(fs, root);
	hf_vnode_unref(&root->vnode);
	hf__memfs_drop(fs);
}

int hf_memfs_attach(struct hf_vnode *dir, const char *name, struct hf_vnode *node)
{
	size_t size = strlen(name);
	if (dir->ops != &hf__memdir_ops)
		return -HF_ENOTDIR;
	if (size == 0 || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -HF_EINVAL;
	if (size > HF_NAME_MAX)
		return -HF_ENAMETOOLONG;
	if (node->filetype == HF_FILETYPE_DIRECTORY)
		return -HF_EPERM;
	if (node->fs == dir->fs)
		return dir->ops->link(dir, name, size, node);
	return hf__memdir_attach(hf__memnode(dir), name, size, node);
}

struct hf_memfs_usage hf_memfs_usage(struct hf_memfs *fs)
{
	return (struct hf_memfs_usage){.bytes = hf_budget_used(&fs->bytes), .nodes = hf_budget_used(&fs->nodes)};
}
