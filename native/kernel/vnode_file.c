/* vnode_file.c - open file descriptions over vnodes: regular files, directories and devices. */
#include "kernel/vnode_file.h"

static struct hf_vnode_file *of(struct hf_file *file)
{
	return HF_CONTAINER(file, struct hf_vnode_file, base);
}

static bool is_regular(const struct hf_vnode_file *file)
{
	return file->vnode->filetype == HF_FILETYPE_REGULAR_FILE;
}

/* Whether the caller holds the file's lock, which protects the offset. */
enum lock { LOCKED, NOT_LOCKED };

/* A transfer may have 4 GiB. It is done slice by slice, without the vnode's lock in between, until it is complete, a slice is short, or the thread
 * must stop (a killed thread never returns, so no one sees the short count). A pause makes a device's transfer short, as a signal does on Linux; for
 * a file, programs expect a complete transfer. */
static bool goes_on(const struct hf_vnode_file *file, int result, uint64_t left_of_slice, const struct hf_uio *uio,
                    enum lock lock)
{
	if (result < 0 || left_of_slice > 0 || uio->resid == 0)
		return false;
	if (lock == NOT_LOCKED)
		hf_turn_between_pieces();
	return is_regular(file) ? !hf_told_to_stop() : !hf_thread_has_orders();
}

static uint64_t limit_to_slice(struct hf_uio *uio)
{
	uint64_t later = uio->resid > HF_SLICE ? uio->resid - HF_SLICE : 0;
	uio->resid -= later;
	return later;
}

static int read_in_slices(struct hf_vnode_file *file, uint64_t offset, struct hf_uio *uio, enum lock lock)
{
	uint64_t whole = uio->resid, left;
	int result;
	do {
		uint64_t later = limit_to_slice(uio);
		result = file->vnode->ops->read(file->vnode, offset + (whole - later - uio->resid), uio);
		left = uio->resid;
		uio->resid += later;
	} while (goes_on(file, result, left, uio, lock));
	return uio->resid < whole ? 0 : result;
}

static int write_in_slices(struct hf_vnode_file *file, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end,
                           enum lock lock)
{
	const struct hf_vnode_ops *ops = file->vnode->ops;
	uint64_t whole = uio->resid, left;
	bool reserved = append && ops->append_begin;
	int result;
	*end = reserved ? ops->append_begin(file->vnode, whole) : offset;
	do {
		uint64_t later = limit_to_slice(uio);
		result = ops->write(file->vnode, *end, append && !reserved, uio, end);
		left = uio->resid;
		uio->resid += later;
	} while (goes_on(file, result, left, uio, lock));
	if (reserved)
		ops->append_end(file->vnode);
	return uio->resid < whole ? 0 : result;
}

static int vnode_transfer_in(struct hf_vnode_file *file, uint64_t offset, struct hf_uio *uio, enum lock lock)
{
	if (file->vnode->filetype == HF_FILETYPE_DIRECTORY)
		return -HF_EISDIR;
	if (!file->vnode->ops->read)
		return -HF_EINVAL;
	return uio->resid <= HF_SLICE ? file->vnode->ops->read(file->vnode, offset, uio)
	                              : read_in_slices(file, offset, uio, lock);
}

static int vnode_transfer_out(struct hf_vnode_file *file, uint64_t offset, bool append, struct hf_uio *uio,
                              uint64_t *end, enum lock lock)
{
	if (file->vnode->filetype == HF_FILETYPE_DIRECTORY)
		return -HF_EISDIR;
	if (!file->vnode->ops->write)
		return -HF_EINVAL;
	return uio->resid <= HF_SLICE ? file->vnode->ops->write(file->vnode, offset, append, uio, end)
	                              : write_in_slices(file, offset, append, uio, end, lock);
}

static int vnode_read(struct hf_file *base, struct hf_thread *thread, struct hf_uio *uio)
{
	(void)thread;
	struct hf_vnode_file *file = of(base);
	uint64_t whole = uio->resid;
	uio->now = hf_vnode_clock(file->vnode, &file->vnode->accessed);
	hf_lock_near(&file->lock);
	int result = vnode_transfer_in(file, hf_counter_own(&file->offset), uio, LOCKED);
	if (is_regular(file))
		hf_counter_add(&file->offset, whole - uio->resid);
	hf_unlock_near(&file->lock);
	return result;
}

static bool appends(const struct hf_vnode_file *file)
{
	return atomic_load_explicit(&file->base.flags, memory_order_relaxed) & HF_FDFLAG_APPEND;
}

static int vnode_write(struct hf_file *base, struct hf_thread *thread, struct hf_uio *uio)
{
	(void)thread;
	struct hf_vnode_file *file = of(base);
	uint64_t whole = uio->resid;
	uio->now = hf_vnode_clock(file->vnode, &file->vnode->modified);
	hf_lock_near(&file->lock);
	uint64_t end = hf_counter_own(&file->offset);
	int result = vnode_transfer_out(file, end, appends(file), uio, &end, LOCKED);
	if (is_regular(file) && uio->resid < whole)
		hf_counter_set(&file->offset, end);
	hf_unlock_near(&file->lock);
	return result;
}

int hf__vnode_file_read_at(struct hf_vnode_file *file, uint64_t offset, struct hf_uio *uio)
{
	uio->now = hf_vnode_clock(file->vnode, &file->vnode->accessed);
	return vnode_transfer_in(file, offset, uio, NOT_LOCKED);
}

int hf__vnode_file_write_at(struct hf_vnode_file *file, uint64_t offset, struct hf_uio *uio, uint64_t *end)
{
	uio->now = hf_vnode_clock(file->vnode, &file->vnode->modified);
	return vnode_transfer_out(file, offset, appends(file), uio, end, NOT_LOCKED);
}

static int vnode_pread(struct hf_file *base, uint64_t offset, struct hf_uio *uio)
{
	struct hf_vnode_file *file = of(base);
	if (!is_regular(file))
		return file->vnode->filetype == HF_FILETYPE_DIRECTORY ? -HF_EISDIR : -HF_ESPIPE;
	uio->now = hf_vnode_clock(file->vnode, &file->vnode->accessed);
	return vnode_transfer_in(file, offset, uio, NOT_LOCKED);
}

static int vnode_pwrite(struct hf_file *base, uint64_t offset, struct hf_uio *uio)
{
	struct hf_vnode_file *file = of(base);
	uint64_t end;
	if (!is_regular(file))
		return file->vnode->filetype == HF_FILETYPE_DIRECTORY ? -HF_EISDIR : -HF_ESPIPE;
	uio->now = hf_vnode_clock(file->vnode, &file->vnode->modified);
	/* "Data written to the file is always appended to the file's end" (typenames.witx, $fdflags). Linux and Wasmtime do so, while POSIX's
	 * pwrite uses its offset regardless of O_APPEND. */
	return vnode_transfer_out(file, offset, appends(file), uio, &end, NOT_LOCKED);
}

static int vnode_getattr(struct hf_file *base, struct hf_attr *out)
{
	struct hf_vnode_file *file = of(base);
	return file->vnode->ops->getattr(file->vnode, out);
}

static int vnode_seek(struct hf_file *base, int64_t offset, enum hf_whence whence, uint64_t *out)
{
	struct hf_vnode_file *file = of(base);
	if (file->vnode->filetype == HF_FILETYPE_DIRECTORY)
		return -HF_EISDIR;
	if (!is_regular(file))
		return -HF_ESPIPE;
	struct hf_attr attr = {0};
	if (whence == HF_WHENCE_END) {
		int result = vnode_getattr(base, &attr);
		if (result < 0)
			return result;
	}
	int result = 0;
	hf_lock(&file->lock);
	uint64_t from = whence == HF_WHENCE_CUR ? hf_counter_own(&file->offset) : whence == HF_WHENCE_END ? attr.size : 0;
	uint64_t target = from + (uint64_t)offset;
	bool before_start = offset < 0 && from < (uint64_t)0 - (uint64_t)offset;
	if (before_start)
		result = -HF_EINVAL;
	else if (target > INT64_MAX)
		result = -HF_EOVERFLOW;
	else
		hf_counter_set(&file->offset, *out = target);
	hf_unlock(&file->lock);
	return result;
}

/* A file is always ready; the number of readable bytes varies. For writing, and for devices, it is one byte, as in Wasmtime: the number is unknown,
 * but not zero. */
static unsigned vnode_poll(struct hf_file *base, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	(void)waiter;
	struct hf_vnode_file *file = of(base);
	*bytes = 1;
	if ((events & HF_READY_IN) && is_regular(file)) {
		uint64_t size = file->vnode->ops->size(file->vnode), offset = hf_counter_read(&file->offset);
		*bytes = size > offset ? size - offset : 0;
	}
	return events & (HF_READY_IN | HF_READY_OUT);
}

static void vnode_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	(void)file;
	(void)events;
	(void)waiter;
}

static void vnode_destroy(struct hf_file *file)
{
	/* In POSIX, times that are marked for update must be updated when the file is no longer open. getattr does this. */
	struct hf_attr attr;
	(void)vnode_getattr(file, &attr);
	hf_vnode_unref(of(file)->vnode);
}

const struct hf_file_ops hf__vnode_file_ops = {
	.read = vnode_read,
	.write = vnode_write,
	.pread = vnode_pread,
	.pwrite = vnode_pwrite,
	.seek = vnode_seek,
	.getattr = vnode_getattr,
	.poll = vnode_poll,
	.unpoll = vnode_unpoll,
	.destroy = vnode_destroy,
};

struct hf_vnode_file *hf__vnode_file_create(size_t size, const struct hf_file_ops *ops, struct hf_vnode *vnode,
                                            unsigned access, uint16_t flags)
{
	struct hf_vnode_file *file = hf__file_create(size, ops, vnode->filetype, access);
	if (!file) {
		hf_vnode_unref(vnode);
		return NULL;
	}
	atomic_init(&file->base.flags, flags);
	file->base.has_vnode = true;
	hf_lock_init(&file->lock, HF_RANK_FILE);
	file->vnode = vnode;
	return file;
}

int hf_file_open(struct hf_vnode *vnode, unsigned access, uint16_t flags, struct hf_file **out)
{
	if (vnode->ops->open)
		return vnode->ops->open(vnode, access, flags, out);
	struct hf_vnode_file *file = hf__vnode_file_create(sizeof *file, &hf__vnode_file_ops, vnode, access, flags);
	if (!file)
		return -HF_ENOMEM;
	*out = &file->base;
	return 0;
}
