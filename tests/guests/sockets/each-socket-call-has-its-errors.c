/* Every error of sock_accept, sock_recv, sock_send and sock_shutdown, on a listener, on both ends of a connection, and on
 * descriptors that are neither.
 *
 * guest:
 *   listen: 4711
 *   connect: 4711
 *   connect: 4711
 *   connect: 4711
 *   dir: /
 */
#include "socket.h"

enum { NONBLOCK = __WASI_FDFLAGS_NONBLOCK, FIRST = 4, SECOND = 5, THIRD = 6, FOLDER = 7 };

static char buffer[16], much[65536];
static uint64_t wide;

static void shapes(uint32_t accepted)
{
	__wasi_fdstat_t stat;
	CHECK_OK(__wasi_fd_fdstat_get(LISTENER, &stat));
	CHECK_EQ(stat.fs_filetype, __WASI_FILETYPE_SOCKET_STREAM);
	CHECK(stat.fs_rights_base & __WASI_RIGHTS_SOCK_ACCEPT);
	CHECK(!(stat.fs_rights_base & __WASI_RIGHTS_SOCK_SHUTDOWN));
	CHECK_OK(__wasi_fd_fdstat_get((int)accepted, &stat));
	CHECK_EQ(stat.fs_filetype, __WASI_FILETYPE_SOCKET_STREAM);
	CHECK_EQ(stat.fs_flags, 0);
	CHECK(stat.fs_rights_base & __WASI_RIGHTS_SOCK_SHUTDOWN);
	CHECK(!(stat.fs_rights_base & __WASI_RIGHTS_SOCK_ACCEPT));
	__wasi_filestat_t file;
	CHECK_OK(__wasi_fd_filestat_get((int)accepted, &file));
	CHECK_EQ(file.filetype, __WASI_FILETYPE_SOCKET_STREAM);
	CHECK_ERRNO(raw_fd_seek(accepted, 0, 1, P(&wide)), ESPIPE);
	CHECK_ERRNO(raw_fd_tell(LISTENER, P(&wide)), ESPIPE);
	CHECK_ERRNO(raw_fd_pread(accepted, P(sock_piece(buffer, 1)), 1, 0, P(sock_out)), ESPIPE);
	CHECK_ERRNO(raw_fd_allocate(accepted, 0, 1), ESPIPE);
	CHECK_ERRNO(raw_fd_sync(accepted), EINVAL);
}

static void of_accept(uint32_t accepted)
{
	uint32_t end = memory_end();
	CHECK_ERRNO(raw_sock_accept(99, 0, P(sock_out)), EBADF);
	CHECK_ERRNO(raw_sock_accept(1, 0, P(sock_out)), ENOTSOCK);
	CHECK_ERRNO(raw_sock_accept(accepted, 0, P(sock_out)), EINVAL);
	CHECK_ERRNO(raw_sock_accept(FIRST, 0, P(sock_out)), EINVAL);
	CHECK_ERRNO(raw_sock_accept(LISTENER, 1, P(sock_out)), EINVAL); /* APPEND */
	CHECK_ERRNO(raw_sock_accept(LISTENER, 64, P(sock_out)), EINVAL);
	CHECK_ERRNO(raw_sock_accept(LISTENER, 0, end), EFAULT);
}

static void of_recv(uint32_t accepted)
{
	uint32_t end = memory_end(), size = P(sock_out), flags = P(sock_out + 1);
	sock_piece(buffer, sizeof buffer);
	CHECK_ERRNO(raw_sock_recv(99, P(sock_iov), 1, 0, size, flags), EBADF);
	CHECK_ERRNO(raw_sock_recv(0, P(sock_iov), 1, 0, size, flags), ENOTSOCK);
	CHECK_ERRNO(raw_sock_recv(LISTENER, P(sock_iov), 1, 0, size, flags), ENOTCONN);
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 1, 4, size, flags), EINVAL);
	CHECK_ERRNO(raw_sock_recv(accepted, end, 1, 0, size, flags), EFAULT);
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 1, 0, end, flags), EFAULT);
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 1, 0, size, end - 1), EFAULT);
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 5000, 0, size, flags), EINVAL);
	CHECK_ERRNO(raw_fd_read(LISTENER, P(sock_iov), 1, size), ENOTCONN);
	CHECK_OK(raw_fd_fdstat_set_flags(accepted, NONBLOCK));
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 1, 0, size, flags), EAGAIN);
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 1, PEEK | WAITALL, size, flags), EAGAIN);
	CHECK_ERRNO(raw_fd_read(accepted, P(sock_iov), 1, size), EAGAIN);
	CHECK_EQ(receive(accepted, buffer, 0, 0), 0);
	CHECK_OK(raw_fd_fdstat_set_flags(accepted, 0));
}

static void of_send(uint32_t accepted)
{
	uint32_t end = memory_end(), size = P(sock_out);
	sock_piece(buffer, 1);
	CHECK_ERRNO(raw_sock_send(99, P(sock_iov), 1, 0, size), EBADF);
	CHECK_ERRNO(raw_sock_send(2, P(sock_iov), 1, 0, size), ENOTSOCK);
	CHECK_ERRNO(raw_sock_send(LISTENER, P(sock_iov), 1, 0, size), ENOTCONN);
	CHECK_ERRNO(raw_sock_send(accepted, P(sock_iov), 1, 1, size), EINVAL);
	CHECK_ERRNO(raw_sock_send(accepted, end, 1, 0, size), EFAULT);
	CHECK_ERRNO(raw_sock_send(accepted, P(sock_iov), 1, 0, end), EFAULT);
	CHECK_ERRNO(raw_fd_write(LISTENER, P(sock_iov), 1, size), ENOTCONN);
}

static void of_shutdown(uint32_t accepted)
{
	CHECK_ERRNO(raw_sock_shutdown(99, RD), EBADF);
	CHECK_ERRNO(raw_sock_shutdown(1, RD), ENOTSOCK);
	CHECK_ERRNO(raw_sock_shutdown(LISTENER, RD | WR), ENOTCONN);
	CHECK_ERRNO(raw_sock_shutdown(accepted, 0), EINVAL);
	CHECK_ERRNO(raw_sock_shutdown(accepted, 4), EINVAL);
}

/* A descriptor whose rights were removed. */
static void without_rights(uint32_t accepted)
{
	uint32_t size = P(sock_out), flags = P(sock_out + 1);
	sock_piece(buffer, 1);
	CHECK_OK(raw_fd_fdstat_set_rights(accepted, 0, 0));
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_iov), 1, 0, size, flags), EBADF);
	CHECK_ERRNO(raw_sock_send(accepted, P(sock_iov), 1, 0, size), EBADF);
	CHECK_ERRNO(raw_sock_shutdown(accepted, WR), ENOTCAPABLE);
	CHECK_OK(raw_fd_fdstat_set_rights(LISTENER, 0, 0));
	CHECK_ERRNO(raw_sock_accept(LISTENER, 0, P(sock_out)), ENOTCAPABLE);
}

/* What one end gets when the other is shut down or closed. */
static void after_the_end(uint32_t accepted)
{
	send_all(FIRST, "last");
	CHECK_OK(raw_sock_shutdown(FIRST, WR));
	CHECK_OK(raw_sock_shutdown(FIRST, WR)); /* a second time: nothing happens */
	CHECK_ERRNO(raw_sock_send(FIRST, P(sock_piece("x", 1)), 1, 0, P(sock_out)), EPIPE);
	CHECK_EQ(receive(accepted, buffer, 2, PEEK), 2);
	CHECK_EQ(receive(accepted, buffer, sizeof buffer, PEEK | WAITALL), 4);
	CHECK_EQ(receive(accepted, buffer, sizeof buffer, WAITALL), 4);
	CHECK_BYTES(buffer, "last", 4);
	CHECK_EQ(receive(accepted, buffer, sizeof buffer, 0), 0);
	CHECK_EQ(receive(accepted, buffer, sizeof buffer, WAITALL), 0);
	/* The other direction stays open, until its reader shuts it down. */
	send_all(accepted, "back");
	CHECK_EQ(receive(FIRST, buffer, 2, 0), 2);
	CHECK_OK(raw_sock_shutdown(FIRST, RD));
	CHECK_ERRNO(raw_sock_send(accepted, P(sock_piece("x", 1)), 1, 0, P(sock_out)), EPIPE);
	CHECK_EQ(receive(FIRST, buffer, sizeof buffer, 0), 2);
	CHECK_BYTES(buffer, "ck", 2);
	CHECK_EQ(receive(FIRST, buffer, sizeof buffer, 0), 0);
}

/* An end that is closed with unread bytes: the bytes that it had sent arrive, then one ECONNRESET, then the end of file. */
static void broken(uint32_t accepted)
{
	uint32_t size = P(sock_out), flags = P(sock_out + 1);
	send_all(accepted, "unread");
	send_all(SECOND, "sent");
	CHECK_OK(raw_fd_close(SECOND));
	CHECK_EQ(receive(accepted, buffer, sizeof buffer, WAITALL), 4);
	CHECK_ERRNO(raw_sock_recv(accepted, P(sock_piece(buffer, 1)), 1, 0, size, flags), ECONNRESET);
	CHECK_EQ(receive(accepted, buffer, sizeof buffer, 0), 0);
	CHECK_ERRNO(raw_sock_send(accepted, P(sock_piece("x", 1)), 1, 0, size), EPIPE);
}

/* A peer that reads nothing: the connection fills up, and the peer closes it with everything unread. fd_write and fd_read return the same errors. */
static void full_and_broken(uint32_t accepted)
{
	uint32_t size = P(sock_out);
	CHECK_OK(raw_sock_send(accepted, P(sock_piece(much, sizeof much)), 1, 0, size));
	CHECK_EQ(sock_out[0], sizeof much);
	CHECK_ERRNO(raw_sock_send(accepted, P(sock_piece("x", 1)), 1, 0, size), EAGAIN);
	CHECK_ERRNO(raw_fd_write(accepted, P(sock_iov), 1, size), EAGAIN);
	CHECK_OK(raw_fd_close(THIRD));
	CHECK_ERRNO(raw_fd_read(accepted, P(sock_piece(buffer, 1)), 1, size), ECONNRESET);
	CHECK_OK(raw_fd_read(accepted, P(sock_iov), 1, size));
	CHECK_EQ(sock_out[0], 0);
}

/* Without a free descriptor a connection is neither accepted nor lost. */
static void no_descriptor_is_free(void)
{
	while (raw_path_open(FOLDER, 0, P("."), 1, 0, 0, 0, 0, P(sock_out)) == 0)
		continue;
	CHECK_ERRNO(raw_sock_accept(LISTENER, NONBLOCK, P(sock_out)), EMFILE);
	CHECK_OK(raw_fd_close(FOLDER));
	CHECK_EQ(accept_one(NONBLOCK), FOLDER);
}

int main(void)
{
	uint32_t accepted = accept_one(0);
	shapes(accepted);
	of_accept(accepted);
	of_recv(accepted);
	of_send(accepted);
	of_shutdown(accepted);
	after_the_end(accepted);
	uint32_t second = accept_one(NONBLOCK);
	__wasi_fdstat_t stat;
	CHECK_OK(__wasi_fd_fdstat_get((int)second, &stat));
	CHECK_EQ(stat.fs_flags, NONBLOCK);
	broken(second);
	no_descriptor_is_free();
	full_and_broken(FOLDER);
	CHECK_OK(raw_fd_fdstat_set_flags(LISTENER, NONBLOCK));
	CHECK_ERRNO(raw_sock_accept(LISTENER, 0, P(sock_out)), EAGAIN);
	without_rights(accepted);
	return 0;
}
