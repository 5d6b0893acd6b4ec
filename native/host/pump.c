/* pump.c - bytes between an OS descriptor and a kernel pipe, by a thread that may block on either. */
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

/* Waits until the descriptor is ready, or broken; false when the pump must stop. */
static bool wait_for(const struct hf_pump *pump, short events)
{
	for (;;) {
		struct pollfd wanted[2] = {{.fd = pump->fd, .events = events}, {.fd = pump->stop, .events = POLLIN}};
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

/* How much is written at a time. Others share the open file description, so we must not make it non-blocking; but nothing could end a blocked
 * write. A pipe that has room takes PIPE_BUF bytes (pipe(7)); a socket's send gets the flag not to block. */
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

static bool write_all(const struct hf_pump *pump, const char *bytes, size_t size)
{
	bool socket;
	size_t most = most_at_once(pump->fd, &socket);
	while (size > 0) {
		size_t some = size < most ? size : most;
		if (!wait_for(pump, POLLOUT))
			return false;
		ssize_t written =
			socket ? send(pump->fd, bytes, some, MSG_DONTWAIT | MSG_NOSIGNAL) : write(pump->fd, bytes, some);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* A reader that is gone means EPIPE, also in a program that has not ignored the signal. */
static void block_sigpipe(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Until the guest's side has ended, or our output has no reader any more: then the guest gets EPIPE. */
static void *pump_output(void *argument)
{
	struct hf_pump *pump = argument;
	static _Thread_local char batch[BATCH];
	block_sigpipe();
	for (;;) {
		struct hf_iov iov;
		struct hf_uio uio;
		hf_uio_kernel(&uio, &iov, batch, BATCH);
		int result = hf_pipe_read(pump->pipe, &pump->kernel, &uio, false);
		size_t size = BATCH - (size_t)uio.resid;
		pump->failed = result < 0 || !write_all(pump, batch, size);
		if (pump->failed || size == 0)
			break;
	}
	if (pump->over)
		pump->over(pump);
	hf_pipe_drop_reader(pump->pipe);
	hf__thread_counted(-1);
	return NULL;
}

/* Waits for input; 0 at its end, or when it has no reader. */
static size_t next_input(struct hf_pump *pump, char *batch)
{
	while (wait_for(pump, POLLIN)) {
		ssize_t size = read(pump->fd, batch, BATCH);
		if (size >= 0)
			return (size_t)size;
		if (errno != EINTR && errno != EAGAIN) {
			pump->failed = true;
			return 0;
		}
	}
	return 0;
}

static void *pump_input(void *argument)
{
	struct hf_pump *pump = argument;
	static _Thread_local char batch[BATCH];
	for (size_t size; (size = next_input(pump, batch)) > 0;) {
		struct hf_iov iov;
		struct hf_uio uio;
		hf_uio_kernel(&uio, &iov, batch, (uint32_t)size);
		if (hf_pipe_write(pump->pipe, &pump->kernel, &uio, false) < 0 || uio.resid > 0)
			break; /* the guest does not read any more, or we must stop */
	}
	if (pump->over)
		pump->over(pump);
	hf_pipe_drop_writer(pump->pipe);
	hf__thread_counted(-1);
	return NULL;
}

int hf__pump_start(struct hf_pump *pump, struct hf_pipe *end, int fd, bool input)
{
	pump->pipe = end;
	pump->fd = fd;
	pump->failed = false;
	hf_thread_init(&pump->kernel, NULL, 1);
	hf__thread_counted(+1);
	pump->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pump->running =
		pump->stop >= 0 && pthread_create(&pump->os_thread, NULL, input ? pump_input : pump_output, pump) == 0;
	if (pump->running)
		return 0;
	if (pump->stop >= 0)
		(void)close(pump->stop);
	hf__thread_counted(-1);
	if (input)
		hf_pipe_drop_writer(end);
	else
		hf_pipe_drop_reader(end);
	return -HF_EAGAIN;
}

void hf__pump_stop(struct hf_pump *pump)
{
	if (!pump->running)
		return;
	hf_thread_stop(&pump->kernel);
	(void)eventfd_write(pump->stop, 1);
}

void hf__pump_join(struct hf_pump *pump)
{
	if (!pump->running)
		return;
	pthread_join(pump->os_thread, NULL);
	(void)close(pump->stop);
	pump->running = false;
}
