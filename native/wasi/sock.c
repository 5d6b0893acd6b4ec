/* sock.c - system calls on sockets. The witx leaves most errors unspecified; here they are those of POSIX's accept, recv, send and shutdown. */
#include "kernel/socket.h"

#include "wasi/abi.h"
#include "wasi/sys.h"

/* Gets a socket with the rights; -HF_EBADF, -HF_ENOTSOCK, `wrong` for the other kind of socket, -HF_ENOTCAPABLE. */
static int get_socket(hf_t t, uint32_t fd, bool listening, uint64_t rights, int wrong, struct hf_fd_view *view)
{
	int result = hf_fd_get(&t->process->fds, fd, 0, view);
	if (result < 0)
		return result;
	if (view->file->filetype != HF_FILETYPE_SOCKET_STREAM)
		result = -HF_ENOTSOCK;
	else if (listening ? !hf_file_listener(view->file) : !hf_file_socket(view->file))
		result = wrong;
	else if (rights & ~view->rights)
		result = rights & (HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE) ? -HF_EBADF : -HF_ENOTCAPABLE;
	if (result < 0)
		hf_fd_put(view);
	return result;
}

/* Opens a descriptor for a new connection. */
static int accept(hf_t t, const struct hf_fd_view *view, uint32_t flags)
{
	struct hf_file *file = NULL;
	struct hf_socket *socket;
	/* The descriptor and its description are reserved first, because a connection accepted without them would be lost. */
	int result = hf_fd_reserve(&t->process->fds);
	if (result < 0)
		return result;
	result = hf_file_open_socket(NULL, &file);
	if (result == 0) {
		atomic_init(&file->flags, (uint16_t)flags);
		result = hf_listener_accept(hf_file_listener(view->file), t, hf_file_is_nonblock(view->file), &socket);
	}
	if (result == 0) {
		hf_file_set_socket(file, socket);
		return hf_fd_insert_reserved(&t->process->fds, file, hf__rights_of(file) & view->inheriting, 0);
	}
	hf_fd_unreserve(&t->process->fds);
	if (file)
		hf_file_unref(file);
	return result;
}

int hf__sys_sock_accept(hf_t t, uint32_t fd, uint32_t flags, uint32_t out)
{
	struct hf_fd_view view;
	if (flags & ~(uint32_t)HF_FDFLAG_NONBLOCK)
		return -HF_EINVAL;
	int result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = get_socket(t, fd, true, HF_RIGHT_SOCK_ACCEPT, -HF_EINVAL, &view);
	if (result < 0)
		return result;
	int accepted = accept(t, &view, flags);
	hf_fd_put(&view);
	return accepted < 0 ? accepted : hf_copy_out(&t->mem, out, &accepted, 4);
}

static int receive(hf_t t, const struct hf_file *file, struct hf_uio *uio, uint32_t flags)
{
	struct hf_pipe *pipe = hf_file_socket(file)->in;
	bool nonblock = hf_file_is_nonblock(file);
	if (flags & WASI_RECV_PEEK)
		return hf_pipe_peek(pipe, t, uio, nonblock, flags & WASI_RECV_WAITALL);
	uint64_t whole = uio->resid;
	for (;;) {
		uint64_t before = uio->resid;
		int result = hf_pipe_read(pipe, t, uio, nonblock);
		if (result < 0 && uio->resid < whole) {
			/* Reports received bytes; the next call returns the error. */
			if (result == -HF_ECONNRESET)
				hf_pipe_reset(pipe);
			return 0;
		}
		if (result < 0)
			return result;
		/* With a fast sender, gigabytes can pass without a wait. */
		if (!(flags & WASI_RECV_WAITALL) || uio->resid == 0 || uio->resid == before || hf_told_to_stop())
			return 0;
	}
}

int hf__sys_sock_recv(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size,
                      uint32_t out_flags)
{
	struct hf_fd_view view;
	struct hf_uio uio;
	static const uint16_t none = 0; /* a stream's bytes are never truncated */
	if (flags & ~(WASI_RECV_PEEK | WASI_RECV_WAITALL))
		return -HF_EINVAL;
	int result = get_socket(t, fd, false, HF_RIGHT_FD_READ, -HF_ENOTCONN, &view);
	if (result < 0)
		return result;
	result = hf__get_iovs(t, iovs, count, &uio);
	if (result == 0)
		result = hf_user_check(&t->mem, out_size, 4);
	if (result == 0)
		result = hf_user_check(&t->mem, out_flags, 2);
	uint32_t whole = result < 0 ? 0 : (uint32_t)uio.resid;
	if (result == 0)
		result = receive(t, view.file, &uio, flags);
	hf_fd_put(&view);
	if (result < 0)
		return result;
	uint32_t moved = whole - (uint32_t)uio.resid;
	result = hf_copy_out(&t->mem, out_size, &moved, 4);
	return result < 0 ? result : hf_copy_out(&t->mem, out_flags, &none, 2);
}

int hf__sys_sock_send(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size)
{
	struct hf_fd_view view;
	/* "As there are currently no flags defined, it must be set to zero" (typenames.witx). */
	if (flags != 0)
		return -HF_EINVAL;
	int result = get_socket(t, fd, false, HF_RIGHT_FD_WRITE, -HF_ENOTCONN, &view);
	if (result < 0)
		return result;
	hf_fd_put(&view);
	return hf__sys_fd_write(t, fd, iovs, count, out_size);
}

int hf__sys_sock_shutdown(hf_t t, uint32_t fd, uint32_t how)
{
	struct hf_fd_view view;
	if (how == 0 || how & ~(uint32_t)(HF_SHUT_RD | HF_SHUT_WR))
		return -HF_EINVAL;
	int result = get_socket(t, fd, false, HF_RIGHT_SOCK_SHUTDOWN, -HF_ENOTCONN, &view);
	if (result < 0)
		return result;
	hf_socket_shutdown(hf_file_socket(view.file), how);
	hf_fd_put(&view);
	return 0;
}

/* ---- for preview 2 ---- */

/* Opens a descriptor for a new listener or connection. Does not block. */
static int open_socket(hf_t t, enum hf_sock_op op, uint32_t port, uint16_t from)
{
	struct hf_listener *listener;
	struct hf_socket *socket;
	struct hf_file *file;
	int result = hf_fd_check_room(&t->process->fds);
	if (result < 0)
		return result;
	if (op == HF_SOCK_BIND) {
		result = hf_listener_open_for(port, 0, &listener);
		if (result == 0)
			result = hf_file_open_listener(listener, &file);
	} else {
		result = hf_socket_connect_from(from, port, &socket, NULL);
		if (result == 0)
			result = hf_file_open_socket(socket, &file);
	}
	if (result < 0)
		return result;
	atomic_init(&file->flags, HF_FDFLAG_NONBLOCK);
	return hf_fd_insert(&t->process->fds, file, hf__rights_of(file), HF_RIGHTS_ALL);
}

int hf_sock_call(hf_t t, enum hf_sock_op op, uint32_t fd, uint32_t value)
{
	struct hf_fd_view view;
	if (op == HF_SOCK_BIND || op == HF_SOCK_CONNECT)
		return open_socket(t, op, value, (uint16_t)fd);
	int result = hf_fd_get(&t->process->fds, fd, 0, &view);
	if (result < 0)
		return result;
	struct hf_listener *listener = hf_file_listener(view.file);
	struct hf_socket *socket = hf_file_socket(view.file);
	switch (op) {
	case HF_SOCK_LISTEN:
		hf_listener_limit(listener, value);
		break;
	case HF_SOCK_ACCEPT:
		result = accept(t, &view, HF_FDFLAG_NONBLOCK);
		break;
	case HF_SOCK_SHUTDOWN:
		hf_socket_shutdown(socket, value);
		break;
	case HF_SOCK_PEER_PORT:
		result = socket->peer_port;
		break;
	default:
		result = listener ? (int)listener->port : socket->port;
	}
	hf_fd_put(&view);
	return result;
}
