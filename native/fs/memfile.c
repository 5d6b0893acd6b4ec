/* memfile.c - regular files of memfs. */
#include "fs/memnode.h"

static int file_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	struct hf_memnode *node = hf__memnode(vnode);
	if (uio->resid == 0)
		return 0;
	hf_lock(&node->lock);
	hf__bytes_read(&node->file, offset, uio->resid, uio);
	hf__memnode_accessed_locked(node);
	hf_unlock(&node->lock);
	return 0;
}

/* Up to uio->resid bytes at the offset. */
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
		hf__memnode_modified_locked(node);
	return err;
}

static int file_write(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	struct hf_memnode *node = hf__memnode(vnode);
	uint64_t before = uio->resid;
	hf_lock(&node->lock);
	if (append)
		offset = node->file.size;
	int err = write_locked(node, offset, uio);
	hf_unlock(&node->lock);
	*end = offset + (before - uio->resid);
	return err;
}

static int file_truncate(struct hf_vnode *vnode, uint64_t size)
{
	struct hf_memnode *node = hf__memnode(vnode);
	if (size > node->fs->file_size_max)
		return -HF_EFBIG;
	hf_lock(&node->lock);
	hf__bytes_truncate(&node->file, size);
	hf__memnode_modified_locked(node);
	hf_unlock(&node->lock);
	return 0;
}

static int file_allocate(struct hf_vnode *vnode, uint64_t offset, uint64_t size)
{
	struct hf_memnode *node = hf__memnode(vnode);
	uint64_t most = node->fs->file_size_max;
	if (size == 0)
		return -HF_EINVAL;
	if (offset > most || size > most - offset)
		return -HF_EFBIG;
	hf_lock(&node->lock);
	int err = hf__bytes_reserve(&node->file, offset, size);
	if (err == 0)
		hf__memnode_modified_locked(node);
	hf_unlock(&node->lock);
	return err;
}

int hf_memfs_create_unnamed(struct hf_memfs *fs, struct hf_vnode **out)
{
	struct hf_memnode *node;
	int err = hf__memnode_create(fs, &hf__memfile_ops, HF_FILETYPE_REGULAR_FILE, 0, &node);
	if (err)
		return err;
	hf__bytes_init(&node->file, &fs->bytes);
	*out = &node->vnode;
	return 0;
}

static void exchange_bytes(struct hf_vnode *vnode, struct hf_bytes *bytes)
{
	struct hf_memnode *node = hf__memnode(vnode);
	hf_lock(&node->lock);
	struct hf_bytes before = node->file;
	node->file = *bytes;
	hf__memnode_modified_locked(node);
	hf_unlock(&node->lock);
	*bytes = before;
}

/* One lock at a time: both are of one rank. */
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
	.truncate = file_truncate,
	.allocate = file_allocate,
	.sync = hf__memnode_sync,
	.getattr = hf__memnode_getattr,
	.set_times = hf__memnode_set_times,
	.destroy = hf__memnode_destroy,
};
