/* A port has one listener at a time, a port without a listener refuses, and port 0 is any free one. */
#include "support/sockets.h"

int main(void)
{
	struct hf_listener *again;
	struct hf_socket *socket;
	CHECK_ERR(hf_socket_connect(80, &socket, NULL), -HF_ECONNREFUSED);
	struct hf_listener *listener = listen_on(80);
	CHECK_ERR(hf_listener_open(80, &again), -HF_EADDRINUSE);
	CHECK_EQ(hf_listener_count(), 1);
	CHECK_ERR(hf_socket_connect(81, &socket, NULL), -HF_ECONNREFUSED);
	CHECK_ERR(hf_listener_try_accept(listener, &socket, NULL), -HF_EAGAIN);

	/* Connections are accepted in the order in which they came. */
	struct hf_socket *first = connect_to(80), *second = connect_to(80);
	CHECK_EQ(hf_listener_poll(listener, NULL), 2);
	CHECK_EQ(s_write(first, "1", 1), 1);
	CHECK_EQ(s_write(second, "2", 1), 1);
	struct hf_socket *to_first = accept_from(listener), *to_second = accept_from(listener);
	char byte;
	CHECK_EQ(s_read(to_first, &byte, 1), 1);
	CHECK_EQ(byte, '1');
	CHECK_EQ(s_read(to_second, &byte, 1), 1);
	CHECK_EQ(byte, '2');
	CHECK_EQ(hf_socket_count(), 4);

	/* Accepted connections survive the listener, and the port is free again. */
	hf_listener_close(listener);
	CHECK_ERR(hf_socket_connect(80, &socket, NULL), -HF_ECONNREFUSED);
	CHECK_EQ(s_write(to_first, "x", 1), 1);
	CHECK_EQ(s_read(first, &byte, 1), 1);
	listener = listen_on(80);

	/* Free ports are used in rotation. */
	struct hf_listener *free[2] = {listen_on(0), listen_on(0)};
	CHECK_EQ(free[0]->port, HF_PORT_FIRST_FREE);
	CHECK_EQ(free[1]->port, HF_PORT_FIRST_FREE + 1);
	hf_listener_close(free[0]);
	for (int port = HF_PORT_FIRST_FREE + 2; port <= 65535; port++) {
		free[0] = listen_on(0);
		CHECK_EQ(free[0]->port, port);
		hf_listener_close(free[0]);
	}
	free[0] = listen_on(0);
	CHECK_EQ(free[0]->port, HF_PORT_FIRST_FREE);
	hf_listener_close(free[0]);
	free[0] = listen_on(0);
	CHECK_EQ(free[0]->port, HF_PORT_FIRST_FREE + 2); /* skips the port that is in use */
	hf_listener_close(free[0]);
	hf_listener_close(free[1]);
	hf_listener_close(listener);

	hf_socket_close(first);
	hf_socket_close(second);
	hf_socket_close(to_first);
	hf_socket_close(to_second);
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	return done();
}
