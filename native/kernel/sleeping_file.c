/* sleeping_file.c - open file descriptions over vnodes whose operations may sleep. */
#include "kernel/sleeping_file.h"

#include "kernel/sleeplock.h"

struct sleeping_file {
	struct hf_vnode_file base;
	/* Held across a whole read, write or seek at the offset. */
	struct hf_sleeplock turns;
};

static struct sleeping_file *of(struct hf_file *file)
{
	return HF_CONTAINER(file, struct sleeping_file, base.base);
}

static bool has_offset(const struct hf_file *file)
{
	return file->filetype == HF_FILETYPE_REGULAR_FILE;
}

static void set_offset(struct hf_vnode_file *file, uint64_t offset)
{
	hf_lock(&file->lock);
	hf_counter_set(&file->offset, offset);
	hf_unlock(&file->lock);
}

static int sleeping_read(struct hf_file *base, struct hf_thread *thread, struct hf_uio *uio)
{
	struct sleeping_file *file = of(base);
	uint64_t whole = uio->resid;
	int result = hf_sleeplock_take(&file->turns, thread);
	if (result < 0)
		return result;
	uint64_t offset = hf_counter_read(&file->base.offset);
	result = hf__vnode_file_read_at(&file->base, offset, uio);
	if (has_offset(base))
		set_offset(&file->base, offset + (whole - uio->resid));
	hf_sleeplock_release(&file->turns);
	return result;
}

static int sleeping_write(struct hf_file *base, struct hf_thread *thread, struct hf_uio *uio)
{
	struct sleeping_file *file = of(base);
	uint64_t whole = uio->resid;
	int result = hf_sleeplock_take(&file->turns, thread);
	if (result < 0)
		return result;
	uint64_t end = hf_counter_read(&file->base.offset);
	result = hf__vnode_file_write_at(&file->base, end, uio, &end);
	if (has_offset(base) && uio->resid < whole)
		set_offset(&file->base, end);
	hf_sleeplock_release(&file->turns);
	return result;
}

static int sleeping_seek(struct hf_file *base, int64_t offset, enum hf_whence whence, uint64_t *out)
{
	struct sleeping_file *file = of(base);
	int result = hf_sleeplock_take(&file->turns, hf_self);
	if (result < 0)
		return result;
	result = hf__vnode_file_ops.seek(base, offset, whence, out);
	hf_sleeplock_release(&file->turns);
	return result;
}

static int sleeping_pread(struct hf_file *base, uint64_t offset, struct hf_uio *uio)
{
	return hf__vnode_file_ops.pread(base, offset, uio);
}

static int sleeping_pwrite(struct hf_file *base, uint64_t offset, struct hf_uio *uio)
{
	return hf__vnode_file_ops.pwrite(base, offset, uio);
}

static int sleeping_getattr(struct hf_file *base, struct hf_attr *out)
{
	return hf__vnode_file_ops.getattr(base, out);
}

static unsigned sleeping_poll(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	(void)file, (void)waiter;
	*bytes = 1;
	return events & (HF_READY_IN | HF_READY_OUT);
}

static void sleeping_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	(void)file, (void)events, (void)waiter;
}

static void sleeping_destroy(struct hf_file *file)
{
	hf_vnode_unref(of(file)->base.vnode);
}

static const struct hf_file_ops ops = {
	.read = sleeping_read,
	.write = sleeping_write,
	.pread = sleeping_pread,
	.pwrite = sleeping_pwrite,
	.seek = sleeping_seek,
	.getattr = sleeping_getattr,
	.poll = sleeping_poll,
	.unpoll = sleeping_unpoll,
	.destroy = sleeping_destroy,
};

int hf_sleeping_file_open(struct hf_vnode *vnode, unsigned access, uint16_t flags, struct hf_file **out)
{
	struct hf_vnode_file *file = hf__vnode_file_create(sizeof(struct sleeping_file), &ops, vnode, access, flags);
	if (!file)
		return -HF_ENOMEM;
	hf_sleeplock_init(&HF_CONTAINER(file, struct sleeping_file, base)->turns);
	*out = &file->base;
	return 0;
}
