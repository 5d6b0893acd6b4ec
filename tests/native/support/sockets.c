#include "support/sockets.h"

struct hf_listener *listen_on(uint16_t port)
{
	struct hf_listener *listener;
	CHECK_OK(hf_listener_open(port, &listener));
	return listener;
}

struct hf_socket *connect_to(uint16_t port)
{
	struct hf_socket *socket;
	CHECK_OK(hf_socket_connect(port, &socket, NULL));
	return socket;
}

struct hf_socket *accept_from(struct hf_listener *listener)
{
	struct hf_socket *socket;
	CHECK_OK(hf_listener_try_accept(listener, &socket, NULL));
	return socket;
}

int s_read(struct hf_socket *socket, void *buffer, uint32_t size)
{
	return p_try_read(socket->in, buffer, size, NULL);
}

int s_write(struct hf_socket *socket, const void *bytes, uint32_t size)
{
	return p_try_put(socket->out, bytes, size, NULL);
}
