/* poll_oneoff over a listener and both ends of a connection: a waiting connection, bytes, room, the end, and a clock that expires when nothing happens.
 *
 * guest:
 *   listen: 4712
 *   connect: 4712
 *   connect: 4712
 */
#include "socket.h"

enum { CLIENT = 4, SECOND = 5, HANGUP = __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP };

static char bytes[65536];
static __wasi_event_t events[3];

static size_t poll_two(__wasi_subscription_t a, uint64_t patience)
{
	__wasi_subscription_t subs[] = {a, clock_sub(9, __WASI_CLOCKID_MONOTONIC, patience, 0)};
	return poll_subs(subs, events, 2);
}

static void times_out(__wasi_subscription_t sub)
{
	CHECK_EQ(poll_two(sub, 20 * MS), 1);
	CHECK_EQ(events[0].userdata, 9);
}

static void is_ready(__wasi_subscription_t sub, uint64_t nbytes, unsigned flags)
{
	CHECK_EQ(poll_two(sub, 60000 * MS), 1);
	CHECK_EQ(events[0].userdata, sub.userdata);
	CHECK_EQ(events[0].error, 0);
	CHECK_EQ(events[0].type, sub.u.tag);
	CHECK_EQ(events[0].fd_readwrite.nbytes, nbytes);
	CHECK_EQ(events[0].fd_readwrite.flags, flags);
}

/* The peer has shut down sending, but still receives: the end of file can be read, and this is not a hang-up (Linux: POLLIN without POLLHUP). */
static void one_direction_ends(int server)
{
	CHECK_OK(raw_sock_shutdown(CLIENT, WR));
	is_ready(read_sub(5, server), 2, 0);
	CHECK_EQ(receive((uint32_t)server, bytes, 2, 0), 2);
	is_ready(read_sub(5, server), 0, 0);
	CHECK_EQ(receive((uint32_t)server, bytes, 2, 0), 0);
	is_ready(read_sub(5, server), 0, 0);
	is_ready(write_sub(6, server), sizeof bytes, 0);
	/* This end has shut down one direction, and waits in the other. */
	is_ready(write_sub(7, CLIENT), 0, 0);
	times_out(read_sub(7, CLIENT));
	send_all((uint32_t)server, "heard");
	is_ready(read_sub(7, CLIENT), 5, 0);
	CHECK_EQ(receive(CLIENT, bytes, 5, 0), 5);
}

static void peer_closes(int server)
{
	CHECK_OK(raw_fd_close(CLIENT));
	is_ready(read_sub(5, server), 0, HANGUP);
	is_ready(write_sub(6, server), 0, HANGUP);
}

/* If the directions are shut down one after the other, both ends see the hang-up after the second, even while there are bytes to read. */
static void both_directions_end(int server)
{
	send_all((uint32_t)server, "late");
	CHECK_OK(raw_sock_shutdown((uint32_t)server, WR));
	is_ready(read_sub(8, SECOND), 4, 0);
	is_ready(write_sub(8, SECOND), sizeof bytes, 0);
	CHECK_OK(raw_sock_shutdown((uint32_t)server, RD));
	is_ready(read_sub(8, SECOND), 4, HANGUP);
	is_ready(write_sub(8, SECOND), 0, HANGUP);
	is_ready(read_sub(8, server), 0, HANGUP);
}

int main(void)
{
	is_ready(read_sub(1, LISTENER), 1, 0);
	uint32_t server = accept_one(0);
	is_ready(read_sub(1, LISTENER), 1, 0);
	uint32_t second = accept_one(0);
	times_out(read_sub(1, LISTENER));
	times_out(write_sub(1, LISTENER));

	is_ready(write_sub(2, (int)server), sizeof bytes, 0);
	times_out(read_sub(3, (int)server));
	send_all(CLIENT, "five!");
	is_ready(read_sub(3, (int)server), 5, 0);
	CHECK_EQ(receive(server, bytes, 3, 0), 3);
	is_ready(read_sub(3, (int)server), 2, 0);

	/* A full connection has no room until the peer reads. */
	CHECK_OK(raw_sock_send(server, P(sock_piece(bytes, sizeof bytes)), 1, 0, P(sock_out)));
	times_out(write_sub(4, (int)server));
	CHECK_EQ(receive(CLIENT, bytes, sizeof bytes, WAITALL), sizeof bytes);
	is_ready(write_sub(4, (int)server), sizeof bytes, 0);

	one_direction_ends((int)server);
	peer_closes((int)server);
	both_directions_end((int)second);
	return 0;
}
