/* A call that may take seconds (gigabytes from a device, from a hole, or through a pipe or a connection; allocating a file; listing a large
 * directory; a path of links) ends within one slice once the thread has the order to stop. The test checks how much was done: a thread that has the
 * order before the call does one slice. */
#include "support/file_io.h"
#include "support/program.h"
#include "support/sockets.h"
#include "support/threads.h"
#include "wasi/sys.h"

#include "fs/devfs.h"
#include "fs/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 64
#define PIECE (UINT32_C(1) << 20)

static char *buffer;
static struct hf_iov iov[PIECES];

static struct hf_uio large(void)
{
	for (int i = 0; i < PIECES; i++)
		iov[i] = (struct hf_iov){.base = (uintptr_t)buffer, .size = PIECE};
	return (struct hf_uio){.iov = iov, .iov_left = PIECES, .resid = (uint64_t)PIECES * PIECE};
}

static uint64_t moved(const struct hf_uio *uio)
{
	return (uint64_t)PIECES * PIECE - uio->resid;
}

static void read_all(struct hf_file *file, uint64_t expected)
{
	struct hf_uio uio = large();
	CHECK_OK(file->ops->read(file, hf_self, &uio));
	CHECK_EQ(moved(&uio), expected);
}

static void write_all(struct hf_file *file, uint64_t expected)
{
	struct hf_uio uio = large();
	CHECK_OK(file->ops->write(file, hf_self, &uio));
	CHECK_EQ(moved(&uio), expected);
}

static void devices(struct hf_thread *thread)
{
	const enum hf_device endless[] = {HF_DEV_ZERO, HF_DEV_FULL, HF_DEV_RANDOM};
	for (unsigned i = 0; i < 3; i++) {
		struct hf_file *file;
		CHECK_OK(hf_file_open(hf_device(endless[i]), HF_READ, 0, &file));
		atomic_store(&thread->orders, HF_ORDER_STOP);
		read_all(file, HF_SLICE);
		/* A device may return less than requested, so a pause ends the call as well. */
		atomic_store(&thread->orders, HF_ORDER_PAUSE);
		read_all(file, HF_SLICE);
		atomic_store(&thread->orders, 0);
		hf_file_unref(file);
	}
}

static void files(struct hf_thread *thread, struct hf_vnode *root)
{
	struct hf_vnode *vnode;
	CHECK_OK(f_open(root, "/hole", F_CREATE, &vnode));
	CHECK_OK(f_truncate(root, "/hole", (uint64_t)PIECES * PIECE));
	struct hf_file *file = d_open(vnode, HF_READ | HF_WRITE, 0);
	atomic_store(&thread->orders, HF_ORDER_STOP);
	read_all(file, HF_SLICE);
	write_all(file, HF_SLICE);
	CHECK_EQ(d_seek(file, 0, HF_WHENCE_CUR), 2 * HF_SLICE);
	CHECK_ERR(vnode->ops->allocate(vnode, 0, UINT64_C(1) << 40), -HF_EINTR);
	/* A file returns all available bytes, paused or not. */
	atomic_store(&thread->orders, HF_ORDER_PAUSE);
	CHECK_EQ(d_seek(file, 0, HF_WHENCE_SET), 0);
	read_all(file, (uint64_t)PIECES * PIECE);
	atomic_store(&thread->orders, 0);
	hf_file_unref(file);

	file = d_open(vnode, HF_WRITE, HF_FDFLAG_APPEND);
	atomic_store(&thread->orders, HF_ORDER_STOP);
	write_all(file, HF_SLICE);
	CHECK_EQ(f_size(vnode), (uint64_t)PIECES * PIECE + HF_SLICE);
	/* The space that it reserved is free again. */
	atomic_store(&thread->orders, 0);
	CHECK_EQ(d_write(file, "x", 1), 1);
	CHECK_EQ(f_size(vnode), (uint64_t)PIECES * PIECE + HF_SLICE + 1);
	hf_file_unref(file);
	hf_vnode_unref(vnode);
}

static void list(struct program *program)
{
	char name[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "/many/%d", i);
		CHECK_OK(i == 0 ? f_mkdir(program->fs.root, "/many") : 0);
		CHECK_OK(f_mkdir(program->fs.root, name));
	}
	poke_text(program, 0, "many");
	CHECK_OK(hf__sys_path_open(program->thread, 3, 0, 0, 4, HF_OFLAG_DIRECTORY, HF_RIGHT_FD_READDIR, 0, 0, 16));
	uint32_t fd = peek_u32(program, 16);
	atomic_store(&program->thread->orders, HF_ORDER_STOP);
	CHECK_OK(hf__sys_fd_readdir(program->thread, fd, 64, GUEST_SIZE - 64, 0, 16));
	uint32_t some = peek_u32(program, 16);
	atomic_store(&program->thread->orders, 0);
	CHECK_OK(hf__sys_fd_readdir(program->thread, fd, 64, GUEST_SIZE - 64, 0, 16));
	CHECK(some < peek_u32(program, 16));
}

static void walk(struct program *program)
{
	struct hf_path at;
	atomic_store(&program->thread->orders, HF_ORDER_STOP);
	CHECK_ERR(hf_path_walk(program->fs.root, "many/1", 6, 0, &at), -HF_EINTR);
	atomic_store(&program->thread->orders, 0);
}

static _Atomic bool stopped;

static void read_and_stop(void *context, unsigned number)
{
	struct hf_pipe *pipe = context;
	static char bytes[65536];
	if (number == 0) {
		struct hf_thread *thread = thread_begin();
		struct hf_file *file = d_open_pipe(pipe, HF_WRITE);
		struct hf_uio uio = large();
		atomic_store(&thread->orders, HF_ORDER_STOP);
		atomic_store(&stopped, true);
		CHECK_OK(file->ops->write(file, thread, &uio));
		CHECK_EQ(moved(&uio), 65536);
		hf_file_unref(file);
		thread_end(thread);
		return;
	}
	/* The reader keeps up: the writer always finds space. */
	struct hf_thread *thread = thread_begin();
	struct hf_file *file = d_open_pipe(pipe, HF_READ);
	while (d_read(file, bytes, sizeof bytes) > 0)
		continue;
	hf_file_unref(file);
	thread_end(thread);
}

/* A pipe that holds all of it. */
static void large_pipe(struct hf_thread *thread)
{
	struct hf_pipe *pipe;
	CHECK_OK(hf_pipe_create(PIECES * PIECE, &pipe));
	struct hf_file *writer = d_open_pipe(pipe, HF_WRITE), *reader = d_open_pipe(pipe, HF_READ);
	atomic_store(&thread->orders, HF_ORDER_STOP);
	write_all(writer, HF_SLICE);
	write_all(writer, HF_SLICE);
	/* A read returns what there is, but no more than that at once. */
	atomic_store(&thread->orders, 0);
	read_all(reader, HF_SLICE);
	read_all(reader, HF_SLICE);
	hf_file_unref(writer);
	hf_file_unref(reader);
}

static struct hf_pipe *filled;

/* Acts as an infinitely fast sender; called with the pipe's lock held. */
static void fill_again(struct hf_waiter *waiter)
{
	(void)waiter;
	filled->tail = filled->head + filled->size;
}

/* WAITALL waits until the whole vector is filled, and the other end keeps up. */
static void receive(struct program *program)
{
	const uint32_t iovs = 1024, data = 65536, piece = 65536;
	struct hf_listener *listener = listen_on(80);
	struct hf_socket *sender = connect_to(80), *receiver = accept_from(listener);
	struct hf_waiter waiter;
	struct hf_file *file;
	bool hangup;
	filled = receiver->in;
	hf_waiter_init(&waiter, fill_again);
	CHECK_EQ(s_write(sender, buffer, HF_PIPE_SIZE), HF_PIPE_SIZE);
	CHECK_EQ(hf_pipe_poll_write(filled, &waiter, &hangup), 0);
	CHECK_OK(hf_file_open_socket(receiver, &file));
	int fd = hf_fd_insert(&program->process->fds, file, hf__rights_of(file), 0);
	for (uint32_t i = 0; i < PIECES; i++)
		poke_iov(program, iovs + 8 * i, data, piece);
	atomic_store(&program->thread->orders, HF_ORDER_STOP);
	CHECK_OK(hf__sys_sock_recv(program->thread, (uint32_t)fd, iovs, PIECES, 2 /* WAITALL */, 16, 20));
	CHECK_EQ(peek_u32(program, 16), HF_PIPE_SIZE);
	atomic_store(&program->thread->orders, 0);
	CHECK_OK(hf__sys_sock_recv(program->thread, (uint32_t)fd, iovs, PIECES, 2, 16, 20));
	CHECK_EQ(peek_u32(program, 16), PIECES * piece);
	hf_pipe_unpoll(filled, &waiter);
	CHECK_OK(hf_fd_close(&program->process->fds, (uint32_t)fd));
	hf_socket_close(sender);
	hf_listener_close(listener);
}

int main(void)
{
	buffer = calloc(1, PIECE);
	CHECK(buffer);
	struct program *program = program_begin();
	devices(program->thread);
	files(program->thread, program->fs.root);
	list(program);
	walk(program);
	receive(program);
	large_pipe(program->thread);
	program_end(program);
	struct hf_pipe *pipe;
	CHECK_OK(hf_pipe_create(65536, &pipe));
	in_threads(2, read_and_stop, pipe);
	free(buffer);
	return done();
}
