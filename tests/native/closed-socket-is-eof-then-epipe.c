/* What an end of a connection gets when the other end, or both, are shut down or closed, with and without unread bytes.
 */
#include "support/sockets.h"

static struct hf_listener *listener;
static struct hf_socket *a, *b;
static char buffer[16];

static void pair(void)
{
	a = connect_to(80);
	b = accept_from(listener);
}

static void at_end(struct hf_socket *socket)
{
	CHECK_EQ(s_read(socket, buffer, sizeof buffer), 0);
	CHECK_EQ(s_read(socket, buffer, sizeof buffer), 0);
}

static void half_closed(void)
{
	pair();
	CHECK_EQ(s_write(a, "abc", 3), 3);
	hf_socket_shutdown(a, HF_SHUT_WR);
	hf_socket_shutdown(a, HF_SHUT_WR);
	CHECK_ERR(s_write(a, "d", 1), -HF_EPIPE);
	CHECK_EQ(s_read(b, buffer, sizeof buffer), 3);
	at_end(b);
	CHECK_EQ(s_write(b, "back", 4), 4);
	CHECK_EQ(s_read(a, buffer, sizeof buffer), 4);
	CHECK_ERR(s_read(a, buffer, sizeof buffer), -HF_EAGAIN);
	hf_socket_close(b);
	at_end(a);
	hf_socket_close(a);
}

/* Like AF_UNIX on Linux: bytes that have arrived can be read, and further writes fail at once. */
static void shut_by_the_reader(void)
{
	pair();
	CHECK_EQ(s_write(a, "abc", 3), 3);
	hf_socket_shutdown(b, HF_SHUT_RD);
	CHECK_ERR(s_write(a, "d", 1), -HF_EPIPE);
	CHECK_EQ(s_read(b, buffer, sizeof buffer), 3);
	at_end(b);
	hf_socket_shutdown(b, HF_SHUT_RD | HF_SHUT_WR);
	at_end(a);
	hf_socket_close(a);
	hf_socket_close(b);
}

static void closed_with_bytes_unread(void)
{
	pair();
	CHECK_EQ(s_write(a, "sent", 4), 4);
	CHECK_EQ(s_write(b, "unread", 6), 6);
	hf_socket_close(a);
	CHECK_EQ(s_read(b, buffer, 1), 1);
	CHECK_EQ(s_read(b, buffer, sizeof buffer), 3);
	CHECK_ERR(s_read(b, buffer, sizeof buffer), -HF_ECONNRESET);
	at_end(b);
	CHECK_ERR(s_write(b, "x", 1), -HF_EPIPE);
	hf_socket_close(b);
}

static void never_accepted(void)
{
	bool hangup;
	a = connect_to(80);
	CHECK_EQ(s_write(a, "x", 1), 1);
	hf_listener_close(listener);
	CHECK_EQ(hf_pipe_poll_read(a->in, NULL, &hangup), 0);
	CHECK(hangup);
	CHECK_ERR(s_read(a, buffer, sizeof buffer), -HF_ECONNRESET);
	at_end(a);
	CHECK_ERR(s_write(a, "x", 1), -HF_EPIPE);
	hf_socket_close(a);
	/* The same when no byte was sent. */
	listener = listen_on(80);
	a = connect_to(80);
	hf_listener_close(listener);
	CHECK_ERR(s_read(a, buffer, sizeof buffer), -HF_ECONNRESET);
	hf_socket_close(a);
	listener = listen_on(80);
}

/* Closed by the client before it was accepted: it is accepted anyway, with the bytes that were sent. */
static void given_up(void)
{
	a = connect_to(80);
	CHECK_EQ(s_write(a, "x", 1), 1);
	hf_socket_close(a);
	b = accept_from(listener);
	CHECK_EQ(s_read(b, buffer, sizeof buffer), 1);
	at_end(b);
	CHECK_ERR(s_write(b, "x", 1), -HF_EPIPE);
	hf_socket_close(b);
}

int main(void)
{
	listener = listen_on(80);
	half_closed();
	shut_by_the_reader();
	closed_with_bytes_unread();
	never_accepted();
	given_up();
	hf_listener_close(listener);
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
