/* tty_file.c - open file descriptions over terminals, for the program's side. */
#include "kernel/tty_parts.h"

struct tty_file {
	struct hf_file base;
	/* Immutable after init. */
	struct hf_tty *tty; /* one reference */
	uint64_t ino;
};

static _Atomic uint64_t next_ino = UINT64_C(1) << 48; /* distinct from those of pipes */

static struct hf_tty *tty_of(const struct hf_file *file)
{
	return ((const struct tty_file *)file)->tty;
}

static bool ends_at(const struct hf_tty *tty, uint32_t index)
{
	return tty->ends[index % HF_TTY_ROOM / 32] & UINT32_C(1) << index % 32;
}

/* An end of file is a NUL that ends a read. */
static bool is_end_of_file(struct hf_tty *tty, uint32_t index)
{
	return ends_at(tty, index) && *hf__tty_byte(tty, index) == 0;
}

/* Returns how many bytes a read may take without wrapping: in cooked mode, up to the end of a line. */
static uint32_t span_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	uint32_t most = HF_TTY_ROOM - tty->head % HF_TTY_ROOM, size = 0;
	while (size < most && tty->head + size != tty->ready && !is_end_of_file(tty, tty->head + size)) {
		if (ends_at(tty, tty->head + size++))
			break;
	}
	return size;
}

/* Reads a line or a part of one, or in raw mode all available bytes. True: the read is complete, perhaps with no bytes, which is the end of file. */
static bool take_locked(struct hf_tty *tty, struct hf_uio *uio) HF_REQUIRES(tty->lock)
{
	HF_ASSERT(hf_lock_is_held(&tty->lock));
	uint64_t whole = uio->resid;
	bool line_over = false;
	while (tty->head != tty->ready && uio->resid > 0 && !line_over) {
		if (is_end_of_file(tty, tty->head)) {
			tty->head++;
			line_over = true;
			continue;
		}
		uint32_t moved = (uint32_t)hf_uio_to_user(uio, hf__tty_byte(tty, tty->head), span_locked(tty));
		tty->head += moved;
		line_over = ends_at(tty, tty->head - 1);
	}
	/* An end of file that finished a line belongs to that line, so the next read must not return it again. */
	if (whole > 0 && uio->resid == 0 && !line_over && tty->head != tty->ready && is_end_of_file(tty, tty->head))
		tty->head++;
	if (uio->resid < whole || line_over)
		hf_waitq_wake(&tty->roomy);
	return uio->resid < whole || line_over || tty->hung_up || whole == 0;
}

static int try_read(struct hf_tty *tty, struct hf_uio *uio, struct hf_waiter *waiter)
{
	int result = 0;
	hf_lock(&tty->lock);
	if (!take_locked(tty, uio)) {
		hf_waitq_add_once(&tty->readable, waiter);
		result = -HF_EAGAIN;
	}
	hf_unlock(&tty->lock);
	return result;
}

static int tty_read(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	struct hf_tty *tty = tty_of(file);
	bool nonblock = hf_file_read_is_nonblock(file, uio);
	struct hf_thread_waiter waiter;
	hf_thread_waiter_init(&waiter, thread);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		int result = try_read(tty, uio, nonblock ? NULL : &waiter.waiter);
		if (result != -HF_EAGAIN || nonblock)
			return result;
		/* Spinning is useless: no key comes within microseconds. */
		result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
		hf_tty_unwait(tty, &waiter.waiter);
		if (result < 0)
			return result;
	}
}

static int tty_write(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	(void)file;
	(void)thread;
	(void)uio;
	return -HF_EBADF;
}

static int tty_getattr(struct hf_file *file, struct hf_attr *out)
{
	return hf__file_put_attr(file, ((const struct tty_file *)file)->ino, out);
}

static unsigned tty_poll(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	struct hf_tty *tty = tty_of(file);
	*bytes = 0;
	if (!(events & HF_READY_IN))
		return 0;
	hf_lock(&tty->lock);
	bool readable = tty->head != tty->ready, hung_up = tty->hung_up;
	*bytes = tty->ready - tty->head;
	if (!readable && !hung_up)
		hf_waitq_add_once(&tty->readable, waiter);
	hf_unlock(&tty->lock);
	return (readable || hung_up ? HF_READY_IN : 0) | (hung_up ? HF_READY_HANGUP : 0);
}

static void tty_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	(void)events;
	hf_tty_unwait(tty_of(file), waiter);
}

static void tty_destroy(struct hf_file *file)
{
	hf_tty_unref(tty_of(file));
}

static const struct hf_file_ops tty_ops = {
	.read = tty_read,
	.write = tty_write,
	.pread = hf__file_no_offset,
	.pwrite = hf__file_no_offset,
	.seek = hf__file_no_seek,
	.getattr = tty_getattr,
	.poll = tty_poll,
	.unpoll = tty_unpoll,
	.destroy = tty_destroy,
};

int hf_file_open_tty(struct hf_tty *tty, struct hf_file **out)
{
	struct tty_file *file = hf__file_create(sizeof *file, &tty_ops, HF_FILETYPE_CHARACTER_DEVICE, HF_READ);
	if (!file)
		return -HF_ENOMEM;
	atomic_fetch_add_explicit(&tty->refs, 1, memory_order_relaxed);
	file->tty = tty;
	file->ino = atomic_fetch_add_explicit(&next_ino, 1, memory_order_relaxed);
	*out = &file->base;
	return 0;
}
