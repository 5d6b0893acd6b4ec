/* memnode.c - the code that files, directories and links of memfs share: creation, destruction, and times. */
#include "fs/memnode.h"

#include "platform/alloc.h"

#include <string.h>

int hf__memnode_create(struct hf_memfs *fs, const struct hf_vnode_ops *ops, uint8_t filetype, size_t extra,
                       uint64_t now, struct hf_memnode **out)
{
	if (!hf_budget_take(&fs->nodes, 1))
		return -HF_ENOSPC;
	struct hf_memnode *node = hf_file_alloc(sizeof *node + extra);
	if (!node) {
		hf_budget_give_back(&fs->nodes, 1);
		return -HF_ENOSPC;
	}
	memset(node, 0, sizeof *node);
	atomic_init(&node->vnode.refs, 1);
	node->vnode.ops = ops;
	node->vnode.fs = fs;
	node->vnode.ino = atomic_fetch_add_explicit(&fs->next_ino, 1, memory_order_relaxed);
	node->vnode.filetype = filetype;
	node->fs = fs;
	atomic_init(&node->nlink, 0);
	hf_lock_init(&node->lock, HF_RANK_NODE);
	node->atim = node->mtim = node->ctim = now;
	atomic_fetch_add_explicit(&fs->holds, 1, memory_order_relaxed);
	*out = node;
	return 0;
}

void hf__memnode_destroy(struct hf_vnode *vnode)
{
	struct hf_memnode *node = hf__memnode(vnode);
	struct hf_memfs *fs = node->fs;
	/* No other thread can reach the node any more, so no lock is needed. */
	if (vnode->filetype == HF_FILETYPE_REGULAR_FILE)
		hf__bytes_free(&node->file);
	else if (vnode->filetype == HF_FILETYPE_DIRECTORY)
		hf__names_free(&node->dir.names);
	hf_free(node);
	hf_budget_give_back(&fs->nodes, 1);
	hf__memfs_drop(fs);
}

void hf__memnode_touch(struct hf_memnode *node, unsigned which, uint64_t now)
{
	hf_lock(&node->lock);
	if (which & HF_MEM_ATIM)
		node->atim = now;
	if (which & HF_MEM_MTIM)
		node->mtim = now;
	if (which & HF_MEM_CTIM)
		node->ctim = now;
	hf_unlock(&node->lock);
}

static bool is_stamped(hf_counter *mark, uint64_t now)
{
	bool stamped = now && hf_counter_read(mark) == HF_MEM_SETTLED;
	hf_counter_set(mark, stamped ? HF_MEM_STAMPED : HF_MEM_MARKED);
	return stamped;
}

void hf__memnode_accessed_locked(struct hf_memnode *node, uint64_t now)
{
	HF_ASSERT(hf_lock_is_held(&node->lock));
	if (is_stamped(&node->vnode.accessed, now))
		node->atim = now;
}

void hf__memnode_modified_locked(struct hf_memnode *node, uint64_t now)
{
	HF_ASSERT(hf_lock_is_held(&node->lock));
	if (is_stamped(&node->vnode.modified, now))
		node->mtim = node->ctim = now;
}

static bool is_marked(struct hf_memnode *node)
{
	return hf_counter_read(&node->vnode.accessed) == HF_MEM_MARKED ||
	       hf_counter_read(&node->vnode.modified) == HF_MEM_MARKED;
}

static void settle_locked(struct hf_memnode *node, uint64_t now) HF_REQUIRES(node->lock)
{
	HF_ASSERT(hf_lock_is_held(&node->lock));
	if (hf_counter_read(&node->vnode.accessed) == HF_MEM_MARKED)
		node->atim = now;
	if (hf_counter_read(&node->vnode.modified) == HF_MEM_MARKED)
		node->mtim = node->ctim = now;
	hf_counter_set(&node->vnode.accessed, HF_MEM_SETTLED);
	hf_counter_set(&node->vnode.modified, HF_MEM_SETTLED);
}

/* Takes the lock and settles the times: marks become the current time. */
static void lock_settled(struct hf_memnode *node) HF_ACQUIRE(node->lock) HF_NO_TSA
{
	uint64_t now = is_marked(node) ? hf_plat_realtime() : 0;
	hf_lock_near(&node->lock);
	if (now == 0 && is_marked(node)) {
		/* Marks the times as just changed. The clock is not read with a lock held. */
		hf_unlock_near(&node->lock);
		now = hf_plat_realtime();
		hf_lock_near(&node->lock);
	}
	settle_locked(node, now);
}

static uint64_t size_locked(const struct hf_memnode *node) HF_REQUIRES(node->lock)
{
	switch (node->vnode.filetype) {
	case HF_FILETYPE_REGULAR_FILE:
		return hf_counter_own(&node->file.size);
	case HF_FILETYPE_SYMBOLIC_LINK:
		return node->link.size;
	default:
		return 0;
	}
}

int hf__memnode_getattr(struct hf_vnode *vnode, struct hf_attr *out)
{
	struct hf_memnode *node = hf__memnode(vnode);
	*out = (struct hf_attr){
		.dev = node->fs->dev,
		.ino = vnode->ino,
		.filetype = vnode->filetype,
		.nlink = atomic_load_explicit(&node->nlink, memory_order_relaxed),
	};
	lock_settled(node);
	out->size = size_locked(node);
	out->atim = node->atim;
	out->mtim = node->mtim;
	out->ctim = node->ctim;
	hf_unlock_near(&node->lock);
	return 0;
}

int hf__memnode_set_times(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim)
{
	struct hf_memnode *node = hf__memnode(vnode);
	uint64_t now = hf_plat_realtime();
	lock_settled(node);
	if (atim)
		node->atim = *atim;
	if (mtim)
		node->mtim = *mtim;
	node->ctim = now;
	hf_unlock(&node->lock);
	return 0;
}

int hf__memnode_sync(struct hf_vnode *vnode)
{
	struct hf_memnode *node = hf__memnode(vnode);
	lock_settled(node);
	hf_unlock(&node->lock);
	return 0;
}
