/* socket.h - helpers shared by the socket tests. */
#ifndef GUEST_SOCKET_H
#define GUEST_SOCKET_H

#include "../c/poll.h"
#include "../c/raw.h"

enum { LISTENER = 3, PEEK = 1, WAITALL = 2, RD = 1, WR = 2 };

static uint32_t sock_iov[2], sock_out[2];

static inline uint32_t *sock_piece(const void *bytes, uint32_t size)
{
	sock_iov[0] = P(bytes);
	sock_iov[1] = size;
	return sock_iov;
}

static inline uint32_t accept_one(uint32_t flags)
{
	sock_out[0] = 0;
	CHECK_OK(raw_sock_accept(LISTENER, flags, P(sock_out)));
	return sock_out[0];
}

/* Returns the number of bytes received; ro_flags must be 0. */
static inline uint32_t receive(uint32_t fd, void *bytes, uint32_t size, uint32_t flags)
{
	sock_out[1] = 0xffffffff;
	CHECK_OK(raw_sock_recv(fd, P(sock_piece(bytes, size)), 1, flags, P(sock_out), P(sock_out + 1)));
	CHECK_EQ(sock_out[1], 0xffff0000);
	return sock_out[0];
}

static inline void send_all(uint32_t fd, const char *text)
{
	CHECK_OK(raw_sock_send(fd, P(sock_piece(text, (uint32_t)strlen(text))), 1, 0, P(sock_out)));
	CHECK_EQ(sock_out[0], strlen(text));
}

#endif
