/* memlink.c - symbolic links of memfs. */
#include "fs/memnode.h"

#include <string.h>

int hf__memlink_create(struct hf_memfs *fs, const char *target, size_t size, uint64_t now, struct hf_memnode **out)
{
	if (size == 0)
		return -HF_ENOENT;
	if (size > HF_PATH_MAX)
		return -HF_ENAMETOOLONG;
	/* A link's text may take four kilobytes, so its bytes are charged in addition to the node. */
	if (!hf_bytes_take(&fs->bytes, size))
		return -HF_ENOSPC;
	int err = hf__memnode_create(fs, &hf__memlink_ops, HF_FILETYPE_SYMBOLIC_LINK, size, now, out);
	if (err < 0) {
		hf_bytes_give_back(&fs->bytes, size);
		return err;
	}
	struct hf_memlink *link = &(*out)->link;
	link->size = (uint32_t)size;
	link->target = (char *)(*out + 1);
	memcpy(link->target, target, size);
	return 0;
}

static int link_readlink(struct hf_vnode *vnode, char *buffer, size_t size)
{
	struct hf_memnode *node = hf__memnode(vnode);
	size_t n = size < node->link.size ? size : node->link.size;
	memcpy(buffer, node->link.target, n);
	uint64_t now = hf_counter_read(&vnode->accessed) == HF_MEM_SETTLED ? hf_plat_realtime() : 0;
	hf_lock(&node->lock);
	hf__memnode_accessed_locked(node, now);
	hf_unlock(&node->lock);
	return (int)n;
}

static void link_destroy(struct hf_vnode *vnode)
{
	struct hf_memnode *node = hf__memnode(vnode);
	hf_bytes_give_back(&node->fs->bytes, node->link.size);
	hf__memnode_destroy(vnode);
}

const struct hf_vnode_ops hf__memlink_ops = {
	.readlink = link_readlink,
	.sync = hf__memnode_sync,
	.getattr = hf__memnode_getattr,
	.set_times = hf__memnode_set_times,
	.destroy = link_destroy,
};
