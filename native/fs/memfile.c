/* memfile.c - regular files of memfs.
 *
 * The node's lock is held for at most one slice (HF_SLICE): longer reads and writes arrive in slices (kernel/vnode_file.c), and other long operations
 * are split here. */
#include "fs/memnode.h"

static int file_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	struct hf_memnode *node = hf__memnode(vnode);
	if (uio->resid == 0)
		return 0;
	hf_lock_near(&node->lock);
	hf__bytes_read(&node->file, offset, uio->resid, uio);
	hf__memnode_accessed_locked(node, uio->now);
	hf_unlock_near(&node->lock);
	return 0;
}

/* Reads up to uio->resid bytes at the offset. */
static int write_locked(struct hf_memnode *node, uint64_t offset, struct hf_uio *uio) HF_REQUIRES(node->lock)
{
	HF_ASSERT(hf_lock_is_held(&node->lock));
	uint64_t count = uio->resid, most = node->fs->file_size_max;
	if (count == 0)
		return 0;
	if (offset >= most)
		return -HF_EFBIG;
	if (count > most - offset)
		count = most - offset;
	int err = hf__bytes_write(&node->file, offset, count, uio);
	if (err == 0)
		hf__memnode_modified_locked(node, uio->now);
	return err;
}

/* Returns the offset for an append of this many bytes: the end, or after the appends that are still being written in slices. */
static uint64_t append_locked(struct hf_memnode *node, uint64_t count) HF_REQUIRES(node->lock)
{
	HF_ASSERT(hf_lock_is_held(&node->lock));
	uint64_t at = hf_counter_own(&node->file.size), most = node->fs->file_size_max;
	if (node->appending > 0 && node->appended > at)
		at = node->appended;
	if (at < most)
		node->appended = count < most - at ? at + count : most;
	return at;
}

static int file_write(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	struct hf_memnode *node = hf__memnode(vnode);
	uint64_t before = uio->resid;
	hf_lock_near(&node->lock);
	if (append)
		offset = append_locked(node, before);
	int err = write_locked(node, offset, uio);
	hf_unlock_near(&node->lock);
	*end = offset + (before - uio->resid);
	return err;
}

static uint64_t file_append_begin(struct hf_vnode *vnode, uint64_t count)
{
	struct hf_memnode *node = hf__memnode(vnode);
	hf_lock(&node->lock);
	uint64_t at = append_locked(node, count);
	node->appending++;
	hf_unlock(&node->lock);
	return at;
}

static void file_append_end(struct hf_vnode *vnode)
{
	struct hf_memnode *node = hf__memnode(vnode);
	hf_lock(&node->lock);
	node->appending--;
	hf_unlock(&node->lock);
}

static int file_truncate(struct hf_vnode *vnode, uint64_t size)
{
	struct hf_memnode *node = hf__memnode(vnode);
	struct hf_bytes rest;
	if (size > node->fs->file_size_max)
		return -HF_EFBIG;
	uint64_t now = hf_vnode_clock(vnode, &vnode->modified);
	hf_lock(&node->lock);
	hf__bytes_truncate(&node->file, size, &rest);
	hf__memnode_modified_locked(node, now);
	hf_unlock(&node->lock);
	hf__bytes_free(&rest);
	return 0;
}

/* Works slice by slice, until memory runs out or the thread must stop. */
static int fill(struct hf_memnode *node, uint64_t offset, uint64_t end)
{
	int err = 0;
	for (uint64_t n; err == 0 && offset < end; offset += n) {
		n = end - offset < HF_SLICE ? end - offset : HF_SLICE;
		if (hf_told_to_stop())
			return -HF_EINTR;
		hf_lock(&node->lock);
		err = hf__bytes_fill(&node->file, offset, n);
		hf_unlock(&node->lock);
	}
	return err;
}

static int file_allocate(struct hf_vnode *vnode, uint64_t offset, uint64_t size)
{
	struct hf_memnode *node = hf__memnode(vnode);
	struct hf_bytes rest;
	uint64_t most = node->fs->file_size_max;
	if (size == 0)
		return -HF_EINVAL;
	if (offset > most || size > most - offset)
		return -HF_EFBIG;
	/* A size that no machine can hold is refused before its memory is filled with zeros. */
	int err = size > SIZE_MAX / 2 ? -HF_ENOSPC : fill(node, offset, offset + size);
	uint64_t now = hf_vnode_clock(vnode, &vnode->modified);
	hf__bytes_init(&rest, &node->fs->bytes);
	hf_lock(&node->lock);
	if (err == 0) {
		hf__bytes_lengthen(&node->file, offset + size);
		hf__memnode_modified_locked(node, now);
	} else {
		/* The size and the contents have not changed; holes within the size may now have memory. */
		hf__bytes_truncate(&node->file, hf_counter_own(&node->file.size), &rest);
	}
	hf_unlock(&node->lock);
	hf__bytes_free(&rest);
	return err;
}

static uint64_t file_size(struct hf_vnode *vnode)
{
	return hf_counter_read(&hf__memnode(vnode)->file.size);
}

int hf_memfs_create_unnamed(struct hf_memfs *fs, struct hf_vnode **out)
{
	struct hf_memnode *node;
	int err = hf__memnode_create(fs, &hf__memfile_ops, HF_FILETYPE_REGULAR_FILE, 0, hf_plat_realtime(), &node);
	if (err)
		return err;
	hf__bytes_init(&node->file, &fs->bytes);
	*out = &node->vnode;
	return 0;
}

static void exchange_bytes(struct hf_vnode *vnode, struct hf_bytes *bytes)
{
	struct hf_memnode *node = hf__memnode(vnode);
	uint64_t now = hf_vnode_clock(vnode, &vnode->modified);
	hf_lock(&node->lock);
	hf__bytes_exchange(&node->file, bytes);
	hf__memnode_modified_locked(node, now);
	hf_unlock(&node->lock);
}

/* Takes one lock at a time, because both have the same rank. */
int hf_memfs_exchange(struct hf_vnode *file, struct hf_vnode *unnamed)
{
	struct hf_bytes bytes;
	if (file->ops != &hf__memfile_ops || unnamed->ops != &hf__memfile_ops || file->fs != unnamed->fs || file == unnamed)
		return -HF_EINVAL;
	hf__bytes_init(&bytes, &hf__memnode(file)->fs->bytes);
	exchange_bytes(unnamed, &bytes);
	exchange_bytes(file, &bytes);
	exchange_bytes(unnamed, &bytes);
	return 0;
}

const struct hf_vnode_ops hf__memfile_ops = {
	.read = file_read,
	.write = file_write,
	.append_begin = file_append_begin,
	.append_end = file_append_end,
	.truncate = file_truncate,
	.allocate = file_allocate,
	.sync = hf__memnode_sync,
	.size = file_size,
	.getattr = hf__memnode_getattr,
	.set_times = hf__memnode_set_times,
	.destroy = hf__memnode_destroy,
};
