/* socket_file.c - open file descriptions over sockets. */
#include "kernel/socket.h"

struct socket_file {
	struct hf_file base;
	struct hf_socket *socket; /* owned; NULL: not accepted yet */
};

struct listener_file {
	struct hf_file base;
	struct hf_listener *listener; /* owned */
};

static struct hf_socket *socket_of(const struct hf_file *file)
{
	return ((const struct socket_file *)file)->socket;
}

static struct hf_listener *listener_of(const struct hf_file *file)
{
	return ((const struct listener_file *)file)->listener;
}

/* ---- an end of a connection ---- */

static int socket_read(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	return hf_pipe_read(socket_of(file)->in, thread, uio, hf_file_read_is_nonblock(file, uio));
}

static int socket_write(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	return hf_pipe_write(socket_of(file)->out, thread, uio, hf_file_is_nonblock(file));
}

static int socket_getattr(struct hf_file *file, struct hf_attr *out)
{
	return hf__file_put_attr(file, socket_of(file)->in->ino, out);
}

/* "The peer of this socket has closed or disconnected" (typenames.witx, $eventrwflags) is reported once both directions have ended, like POLLHUP on
 * Linux: a peer that has only ended its sending still receives. A direction that has ended is ready, with no bytes, because waiting for it would be
 * in vain. Closing ends the receiving direction first (hf_socket_close), so a closed peer's end of file is never reported without the hang-up. */
static unsigned socket_poll(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	struct hf_socket *socket = socket_of(file);
	bool over, other = false;
	if (events & HF_READY_IN) {
		*bytes = hf_pipe_poll_read(socket->in, waiter, &over);
		if (over)
			(void)hf_pipe_poll_write(socket->out, NULL, &other);
	} else {
		*bytes = hf_pipe_poll_write(socket->out, waiter, &over);
		if (over)
			(void)hf_pipe_poll_read(socket->in, NULL, &other);
	}
	return (*bytes || over ? events & (HF_READY_IN | HF_READY_OUT) : 0) | (over && other ? HF_READY_HANGUP : 0);
}

static void socket_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	hf_pipe_unpoll(events & HF_READY_IN ? socket_of(file)->in : socket_of(file)->out, waiter);
}

static void socket_destroy(struct hf_file *file)
{
	struct hf_socket *socket = socket_of(file);
	if (socket)
		hf_socket_close(socket);
}

static const struct hf_file_ops socket_ops = {
	.read = socket_read,
	.write = socket_write,
	.pread = hf__file_no_offset,
	.pwrite = hf__file_no_offset,
	.seek = hf__file_no_seek,
	.getattr = socket_getattr,
	.poll = socket_poll,
	.unpoll = socket_unpoll,
	.destroy = socket_destroy,
};

/* ---- a listener ---- */

/* POSIX's error for reading from, or sending to, a socket that is not connected. */
static int not_connected(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	(void)file;
	(void)thread;
	(void)uio;
	return -HF_ENOTCONN;
}

static int listener_getattr(struct hf_file *file, struct hf_attr *out)
{
	return hf__file_put_attr(file, listener_of(file)->ino, out);
}

/* Readable when a connection waits; never writable. A connection counts as one byte, as in Wasmtime. */
static unsigned listener_poll(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	*bytes = events & HF_READY_IN && hf_listener_poll(listener_of(file), waiter) > 0 ? 1 : 0;
	return *bytes ? HF_READY_IN : 0;
}

static void listener_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	(void)file;
	(void)events;
	hf_socket_unpoll(waiter);
}

static void listener_destroy(struct hf_file *file)
{
	hf_listener_close(listener_of(file));
}

static const struct hf_file_ops listener_ops = {
	.read = not_connected,
	.write = not_connected,
	.pread = hf__file_no_offset,
	.pwrite = hf__file_no_offset,
	.seek = hf__file_no_seek,
	.getattr = listener_getattr,
	.poll = listener_poll,
	.unpoll = listener_unpoll,
	.destroy = listener_destroy,
};

/* ---- making them ---- */

int hf_file_open_socket(struct hf_socket *socket, struct hf_file **out)
{
	struct socket_file *file =
		hf__file_create(sizeof *file, &socket_ops, HF_FILETYPE_SOCKET_STREAM, HF_READ | HF_WRITE);
	if (file) {
		file->socket = socket;
		*out = &file->base;
	} else if (socket) {
		hf_socket_close(socket);
	}
	return file ? 0 : -HF_ENOMEM;
}

int hf_file_open_listener(struct hf_listener *listener, struct hf_file **out)
{
	struct listener_file *file =
		hf__file_create(sizeof *file, &listener_ops, HF_FILETYPE_SOCKET_STREAM, HF_READ | HF_WRITE);
	if (file) {
		file->listener = listener;
		*out = &file->base;
	} else {
		hf_listener_close(listener);
	}
	return file ? 0 : -HF_ENOMEM;
}

struct hf_socket *hf_file_socket(const struct hf_file *file)
{
	return file->ops == &socket_ops ? socket_of(file) : NULL;
}

struct hf_listener *hf_file_listener(const struct hf_file *file)
{
	return file->ops == &listener_ops ? listener_of(file) : NULL;
}

void hf_file_set_socket(struct hf_file *file, struct hf_socket *socket)
{
	HF_ASSERT(file->ops == &socket_ops && !socket_of(file));
	((struct socket_file *)file)->socket = socket;
}
