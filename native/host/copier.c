/* copier.c - copies bytes between an OS descriptor and a kernel pipe, in a thread that may block on either. */
#include "host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 65536

/* Waits until the descriptor is ready or has an error; false when the copier must stop. */
static bool wait_for(const struct hf_copier *copier, short events)
{
	for (;;) {
		struct pollfd wanted[2] = {{.fd = copier->fd, .events = events}, {.fd = copier->stop, .events = POLLIN}};
		if (poll(wanted, 2, -1) < 0) {
			if (errno != EINTR)
				return false;
		} else if (wanted[1].revents) {
			return false;
		} else if (wanted[0].revents) {
			return true;
		}
	}
}

/* The bytes to write at a time. Others share the open file description, so we must not make it nonblocking; but a blocked write could not be ended. A
 * pipe that is writable takes PIPE_BUF bytes without blocking (pipe(7)); for a socket, send has a flag not to block. */
static size_t most_at_once(int fd, bool *socket)
{
	struct stat stat;
	int flags = fcntl(fd, F_GETFL);
	bool known = fstat(fd, &stat) == 0;
	*socket = known && S_ISSOCK(stat.st_mode);
	if (*socket || (known && S_ISREG(stat.st_mode)) || (flags >= 0 && flags & O_NONBLOCK))
		return BATCH;
	return PIPE_BUF;
}

static bool write_all(const struct hf_copier *copier, const char *bytes, size_t size)
{
	bool socket;
	size_t most = most_at_once(copier->fd, &socket);
	while (size > 0) {
		size_t some = size < most ? size : most;
		if (!wait_for(copier, POLLOUT))
			return false;
		ssize_t written =
			socket ? send(copier->fd, bytes, some, MSG_DONTWAIT | MSG_NOSIGNAL) : write(copier->fd, bytes, some);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* Blocks SIGPIPE, so that a missing reader means EPIPE even in a program that has not ignored the signal. */
static void block_sigpipe(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Copies until the guest's side has ended, or our output has no reader any more; then the guest gets EPIPE. */
static void *copy_output(void *argument)
{
	struct hf_copier *copier = argument;
	static _Thread_local char batch[BATCH];
	block_sigpipe();
	for (;;) {
		struct hf_iov iov;
		struct hf_uio uio;
		hf_uio_kernel(&uio, &iov, batch, BATCH);
		int result = hf_pipe_read(copier->pipe, &copier->kernel, &uio, false);
		size_t size = BATCH - (size_t)uio.resid;
		copier->failed = result < 0 || !write_all(copier, batch, size);
		if (copier->failed || size == 0)
			break;
	}
	if (copier->over)
		copier->over(copier);
	hf_pipe_drop_reader(copier->pipe);
	hf__thread_counted(-1);
	return NULL;
}

/* Waits for input; returns 0 at its end, or when the guest no longer reads. */
static size_t next_input(struct hf_copier *copier, char *batch)
{
	while (wait_for(copier, POLLIN)) {
		ssize_t size = read(copier->fd, batch, BATCH);
		if (size >= 0)
			return (size_t)size;
		if (errno != EINTR && errno != EAGAIN) {
			copier->failed = true;
			return 0;
		}
	}
	return 0;
}

static void *copy_input(void *argument)
{
	struct hf_copier *copier = argument;
	static _Thread_local char batch[BATCH];
	for (size_t size; (size = next_input(copier, batch)) > 0;) {
		struct hf_iov iov;
		struct hf_uio uio;
		hf_uio_kernel(&uio, &iov, batch, (uint32_t)size);
		if (hf_pipe_write(copier->pipe, &copier->kernel, &uio, false) < 0 || uio.resid > 0)
			break; /* the guest no longer reads, or we must stop */
	}
	if (copier->over)
		copier->over(copier);
	hf_pipe_drop_writer(copier->pipe);
	hf__thread_counted(-1);
	return NULL;
}

int hf__copier_start(struct hf_copier *copier, struct hf_pipe *end, int fd, bool input)
{
	copier->pipe = end;
	copier->fd = fd;
	copier->failed = false;
	hf_thread_init(&copier->kernel, NULL, 1);
	hf__thread_counted(+1);
	copier->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	copier->running =
		copier->stop >= 0 && pthread_create(&copier->os_thread, NULL, input ? copy_input : copy_output, copier) == 0;
	if (copier->running)
		return 0;
	if (copier->stop >= 0)
		(void)close(copier->stop);
	hf__thread_counted(-1);
	if (input)
		hf_pipe_drop_writer(end);
	else
		hf_pipe_drop_reader(end);
	return -HF_EAGAIN;
}

void hf__copier_stop(struct hf_copier *copier)
{
	if (!copier->running)
		return;
	hf_thread_stop(&copier->kernel);
	(void)eventfd_write(copier->stop, 1);
}

void hf__copier_join(struct hf_copier *copier)
{
	if (!copier->running)
		return;
	pthread_join(copier->os_thread, NULL);
	(void)close(copier->stop);
	copier->running = false;
}
