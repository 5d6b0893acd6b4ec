/* sock.c - the calls on sockets. No process has one yet (the kernel's sockets are the next issue's), so each call
 * answers what POSIX says of a descriptor that is no socket. */
#include "wasi/sys.h"

static int not_a_socket(hf_t t, uint32_t fd)
{
	struct hf_fd_view view;
	int result = hf_fd_get(&t->process->fds, fd, 0, &view);
	if (result < 0)
		return result;
	hf_fd_put(&view);
	return -HF_ENOTSOCK;
}

int hf__sys_sock_accept(hf_t t, uint32_t fd, uint32_t flags, uint32_t out)
{
	(void)flags;
	(void)out;
	return not_a_socket(t, fd);
}

int hf__sys_sock_recv(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size,
                      uint32_t out_flags)
{
	(void)iovs;
	(void)count;
	(void)flags;
	(void)out_size;
	(void)out_flags;
	return not_a_socket(t, fd);
}

int hf__sys_sock_send(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size)
{
	(void)iovs;
	(void)count;
	(void)flags;
	(void)out_size;
	return not_a_socket(t, fd);
}

int hf__sys_sock_shutdown(hf_t t, uint32_t fd, uint32_t how)
{
	if (how == 0 || how > 3)
		return -HF_EINVAL;
	return not_a_socket(t, fd);
}
