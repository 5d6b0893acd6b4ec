/* pipe_file.c - open file descriptions over the ends of pipes: streams. */
#include "kernel/file.h"

struct pipe_file {
	struct hf_file base;
	struct hf_pipe *pipe; /* a hold on one end of it, per `access` */
};

static struct hf_pipe *pipe_of(const struct hf_file *file)
{
	return ((const struct pipe_file *)file)->pipe;
}

static int pipe_read(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	return file->access & HF_READ ? hf_pipe_read(pipe_of(file), thread, uio, hf_file_read_is_nonblock(file, uio))
	                              : -HF_EBADF;
}

static int pipe_write(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	return file->access & HF_WRITE ? hf_pipe_write(pipe_of(file), thread, uio, hf_file_is_nonblock(file)) : -HF_EBADF;
}

static int pipe_getattr(struct hf_file *file, struct hf_attr *out)
{
	return hf__file_put_attr(file, pipe_of(file)->ino, out);
}

static unsigned pipe_poll(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	bool hangup;
	*bytes = 0;
	if ((events & HF_READY_IN) && (file->access & HF_READ)) {
		*bytes = hf_pipe_poll_read(pipe_of(file), waiter, &hangup);
		return (*bytes || hangup ? HF_READY_IN : 0) | (hangup ? HF_READY_HANGUP : 0);
	}
	if ((events & HF_READY_OUT) && (file->access & HF_WRITE)) {
		*bytes = hf_pipe_poll_write(pipe_of(file), waiter, &hangup);
		return (*bytes || hangup ? HF_READY_OUT : 0) | (hangup ? HF_READY_HANGUP : 0);
	}
	return 0;
}

static void pipe_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	(void)events;
	hf_pipe_unpoll(pipe_of(file), waiter);
}

void hf_pipe_hold_end(struct hf_pipe *pipe, unsigned end)
{
	if (end & HF_READ)
		hf_pipe_hold_reader(pipe);
	else
		hf_pipe_hold_writer(pipe);
}

void hf_pipe_drop_end(struct hf_pipe *pipe, unsigned end)
{
	if (end & HF_READ)
		hf_pipe_drop_reader(pipe);
	else
		hf_pipe_drop_writer(pipe);
}

static void pipe_destroy(struct hf_file *file)
{
	hf_pipe_drop_end(pipe_of(file), file->access);
}

static const struct hf_file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.pread = hf__file_no_offset,
	.pwrite = hf__file_no_offset,
	.seek = hf__file_no_seek,
	.getattr = pipe_getattr,
	.poll = pipe_poll,
	.unpoll = pipe_unpoll,
	.destroy = pipe_destroy,
};

int hf_file_open_pipe(struct hf_pipe *pipe, enum hf_access end, uint8_t filetype, struct hf_file **out)
{
	struct pipe_file *file = hf__file_create(sizeof *file, &pipe_ops, filetype, end);
	if (!file) {
		hf_pipe_drop_end(pipe, end);
		return -HF_ENOMEM;
	}
	file->pipe = pipe;
	*out = &file->base;
	return 0;
}

int hf_file_reopen_pipe(const struct hf_file *file, uint16_t flags, struct hf_file **out)
{
	if (file->ops != &pipe_ops)
		return -HF_ENOTDIR;
	hf_pipe_hold_end(pipe_of(file), file->access);
	int result = hf_file_open_pipe(pipe_of(file), file->access, file->filetype, out);
	if (result == 0)
		atomic_init(&(*out)->flags, flags);
	return result;
}
