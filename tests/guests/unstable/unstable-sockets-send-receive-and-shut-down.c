// flags: -nostdlib -fno-builtin
/* sock_send, sock_recv and sock_shutdown of wasi_unstable. It cannot accept connections; preview 1 can, and its descriptors are the same.
 *
 * guest:
 *   listen: 4713
 *   connect: 4713
 */
#include "unstable.h"

u IMPORT(sock_recv)(u fd, const void *iovs, u count, u flags, u *size, uint16_t *out_flags);
u IMPORT(sock_send)(u fd, const void *iovs, u count, u flags, u *size);
u IMPORT(sock_shutdown)(u fd, u how);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_accept"))) u accept(u fd, u flags, u *out);

enum { LISTENER = 3, CLIENT = 4, PEEK = 1, RD = 1, WR = 2, ENOTCONN = 53, ENOTSOCK = 57, EPIPE = 64 };

static char buffer[16];
static struct {
	const void *bytes;
	u size;
} piece;

static u receive(u fd, u flags)
{
	u size = 99;
	uint16_t out_flags = 0xffff;
	piece.bytes = buffer;
	piece.size = sizeof buffer;
	CHECK(sock_recv(fd, &piece, 1, flags, &size, &out_flags) == 0);
	CHECK(out_flags == 0);
	return size;
}

static u send_text(u fd, const char *text, u size, u *sent)
{
	piece.bytes = text;
	piece.size = size;
	return sock_send(fd, &piece, 1, 0, sent);
}

void _start(void)
{
	u fd = 0, size = 0;
	uint16_t flags;
	CHECK(send_text(CLIENT, "hello", 5, &size) == 0 && size == 5);
	CHECK(accept(LISTENER, 0, &fd) == 0);
	CHECK(receive(fd, PEEK) == 5);
	CHECK(receive(fd, 0) == 5);
	CHECK(buffer[0] == 'h' && buffer[4] == 'o');
	CHECK(sock_shutdown(CLIENT, WR) == 0);
	CHECK(send_text(CLIENT, "x", 1, &size) == EPIPE);
	CHECK(receive(fd, 0) == 0);
	CHECK(sock_shutdown(CLIENT, RD) == 0);
	CHECK(send_text(fd, "x", 1, &size) == EPIPE);
	CHECK(sock_shutdown(CLIENT, 0) == EINVAL);
	CHECK(sock_shutdown(LISTENER, WR) == ENOTCONN);
	CHECK(sock_shutdown(1, WR) == ENOTSOCK);
	CHECK(sock_shutdown(99, WR) == EBADF);
	CHECK(sock_recv(0, &piece, 1, 0, &size, &flags) == ENOTSOCK);
	CHECK(sock_send(LISTENER, &piece, 1, 0, &size) == ENOTCONN);
}
