/* sock_accept, recv, send and shutdown: pointers are checked before anything moves, and a connection is accepted only if there is a descriptor for
 * it. Also tests vectors of several pieces, WAITALL and PEEK. */
#include "platform/alloc.h"
#include "support/program.h"
#include "support/sockets.h"

#include "wasi/sys.h"

enum { OUT = 64, FLAGS = 68, IOVS = 128, DATA = 1024, LISTENER = 4, PEEK = 1, WAITALL = 2 };

static struct program *program;
static struct hf_listener *listener;
static struct hf_socket *peer;

static uint32_t accept_one(void)
{
	CHECK_EQ(hf_p1_sock_accept(LISTENER, 0, OUT), 0);
	return peek_u32(program, OUT);
}

static void add_listener(void)
{
	struct hf_file *file;
	listener = listen_on(80);
	CHECK_OK(hf_file_open_listener(listener, &file));
	uint64_t rights = hf__rights_of(file);
	CHECK_EQ(rights, HF_RIGHTS_STREAM | HF_RIGHT_SOCK_ACCEPT);
	CHECK_EQ(hf_fd_insert_preopen(&program->process->fds, file, "", 0, rights, HF_RIGHTS_SOCKET), LISTENER);
}

/* When libc lists the preopens, it skips a socket instead of stopping there. */
static void preopens(void)
{
	CHECK_EQ(hf_p1_fd_prestat_get(LISTENER, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT) & 0xff, 1);
	CHECK_EQ(hf_p1_fd_prestat_dir_name(LISTENER, DATA, 10), HF_ENOTDIR);
	CHECK_EQ(hf_p1_fd_prestat_get(3, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT) & 0xff, 0);
	CHECK_EQ(hf_p1_fd_prestat_get(5, OUT), HF_EBADF);
}

static void no_descriptor_is_free(void)
{
	uint32_t limit = program->process->fds.limit;
	program->process->fds.limit = 5;
	CHECK_EQ(hf_p1_sock_accept(LISTENER, 0, OUT), HF_EMFILE);
	CHECK_EQ(hf_listener_poll(listener, NULL), 1);
	program->process->fds.limit = limit;
	CHECK_EQ(hf_p1_sock_accept(LISTENER, 0, GUEST_SIZE), HF_EFAULT);
	CHECK_EQ(hf_p1_sock_accept(LISTENER, 2, OUT), HF_EINVAL);
	CHECK_EQ(hf_listener_poll(listener, NULL), 1);
}

static void pointers(uint32_t fd)
{
	poke_iov(program, IOVS, DATA, 4);
	CHECK_EQ(s_write(peer, "abcd", 4), 4);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 1, 0, GUEST_SIZE, FLAGS), HF_EFAULT);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 1, 0, OUT, GUEST_SIZE - 1), HF_EFAULT);
	CHECK_EQ(hf_p1_sock_recv(fd, GUEST_SIZE, 1, 0, OUT, FLAGS), HF_EFAULT);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 1, 0, OUT, GUEST_SIZE), HF_EFAULT);
	CHECK_EQ(hf_p1_sock_send(fd, IOVS, 1, 0, GUEST_SIZE), HF_EFAULT);
	CHECK_EQ(hf_p1_sock_send(fd, GUEST_SIZE - 4, 1, 0, OUT), HF_EFAULT);
	char byte;
	CHECK_ERR(s_read(peer, &byte, 1), -HF_EAGAIN);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 1, 0, OUT, FLAGS), 0); /* the failed calls lost nothing */
	CHECK_EQ(peek_u32(program, OUT), 4);
}

static void pieces(uint32_t fd)
{
	char got[8];
	poke_iov(program, IOVS, DATA, 3);
	poke_iov(program, IOVS + 8, DATA + 16, 0);
	poke_iov(program, IOVS + 16, DATA + 32, 4);
	CHECK_EQ(s_write(peer, "1234567", 7), 7);
	poke_u32(program, FLAGS, 0xffffffff);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 3, PEEK, OUT, FLAGS), 0);
	CHECK_EQ(peek_u32(program, OUT), 7);
	CHECK_EQ(peek_u32(program, FLAGS), 0xffff0000);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 3, WAITALL, OUT, FLAGS), 0);
	CHECK_BYTES(program->guest->memory + DATA, "123", 3);
	CHECK_BYTES(program->guest->memory + DATA + 32, "4567", 4);
	CHECK_EQ(hf_p1_sock_send(fd, IOVS, 3, 0, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 7);
	CHECK_EQ(s_read(peer, got, sizeof got), 7);
	CHECK_BYTES(got, "1234567", 7);
}

/* A WAITALL that is cut short returns the bytes received so far; the next call returns the error. */
static void cut_short(uint32_t fd)
{
	CHECK_EQ(s_write(peer, "12", 2), 2);
	hf_pipe_reset(peer->out);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 3, WAITALL, OUT, FLAGS), 0);
	CHECK_EQ(peek_u32(program, OUT), 2);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 3, WAITALL, OUT, FLAGS), HF_ECONNRESET);
	CHECK_EQ(hf_p1_sock_recv(fd, IOVS, 3, 0, OUT, FLAGS), 0);
	CHECK_EQ(peek_u32(program, OUT), 0);
}

static void shut(uint32_t fd)
{
	char byte;
	CHECK_EQ(hf_p1_sock_shutdown(fd, 0), HF_EINVAL);
	CHECK_EQ(hf_p1_sock_shutdown(fd, 0x80000001), HF_EINVAL);
	CHECK_EQ(hf_p1_sock_shutdown(LISTENER, 1), HF_ENOTCONN);
	CHECK_EQ(hf_p1_sock_shutdown(fd, 3), 0);
	CHECK_EQ(s_read(peer, &byte, 1), 0);
	CHECK_EQ(hf_p1_sock_send(fd, IOVS, 1, 0, OUT), HF_EPIPE);
}

/* The accepted descriptor has no more rights than the listener passes on. */
static void rights_are_inherited(void)
{
	struct hf_socket *other = connect_to(80);
	CHECK_EQ(hf_p1_fd_fdstat_set_rights(LISTENER, HF_RIGHT_SOCK_ACCEPT, HF_RIGHT_FD_READ), 0);
	uint32_t fd = accept_one();
	CHECK_EQ(hf_p1_sock_shutdown(fd, 1), HF_ENOTCAPABLE);
	CHECK_EQ(hf_p1_sock_send(fd, IOVS, 1, 0, OUT), HF_EBADF);
	hf_socket_close(other);
}

int main(void)
{
	program = program_begin();
	add_listener();
	preopens();
	peer = connect_to(80);
	no_descriptor_is_free();
	uint32_t fd = accept_one();
	CHECK_EQ(fd, 5);
	pointers(fd);
	pieces(fd);
	cut_short(fd);
	shut(fd);
	rights_are_inherited();
	hf_socket_close(peer);
	program_end(program);
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	return done();
}
