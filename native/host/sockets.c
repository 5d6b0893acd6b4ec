/* sockets.c - the sockets that a guest starts with, and real TCP for those that listen.
 *
 * A thread (struct hf_tcp) accepts from the OS and connects each client to the guest's port; a copier for each direction moves its bytes, so each
 * direction ends by itself, as in the kernel. When the guest has ended, clients have some time to receive the bytes sent to them, then everything
 * ends. */
#include "host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/sys.h"

/* How long to wait for a client that does not read the last bytes of an ended guest (as in web/cli/tcp.ts). */
#define LINGER (UINT64_C(5) * 1000000000)
/* The pause between two attempts to accept a client when descriptors or memory ran out. */
#define PATIENCE (UINT64_C(100) * 1000000)

/* A client. For the thread of its hf_tcp only, unless a comment says otherwise. */
struct client {
	struct hf_link link;
	struct hf_tcp *tcp;
	struct hf_socket *socket; /* without pipes, which the copiers have */
	int fd;
	struct hf_copier to_guest, to_client;
	_Atomic uint32_t copiers_left;
	_Atomic bool broken; /* the connection ends with a reset */
};

/* ---- a client ---- */

static void tell(struct hf_tcp *tcp)
{
	/* A full pipe is a sufficient signal. */
	if (write(tcp->bell[1], "", 1) < 0 && errno != EAGAIN)
		hf_plat_panic(__FILE__, __LINE__, "the wake-up of the TCP clients failed");
}

/* A copier's last action, on its thread. */
static void copier_over(struct client *client)
{
	struct hf_tcp *tcp = client->tcp; /* the client may be freed by the time this returns */
	if (atomic_fetch_sub(&client->copiers_left, 1) == 1)
		tell(tcp);
}

static void to_guest_over(struct hf_copier *copier)
{
	struct client *client = HF_CONTAINER(copier, struct client, to_guest);
	if (copier->failed)
		hf_pipe_reset(copier->pipe); /* the client has aborted the connection, so the guest gets an error */
	copier_over(client);
}

static void to_client_over(struct hf_copier *copier)
{
	struct client *client = HF_CONTAINER(copier, struct client, to_client);
	if (copier->failed)
		atomic_store(&client->broken, true);
	/* After a failure the other direction ends as well, so that the client can be reset. */
	(void)shutdown(client->fd, copier->failed ? SHUT_RD : SHUT_WR);
	copier_over(client);
}

static void close_client(int fd, bool reset)
{
	const struct linger at_once = {.l_onoff = 1};
	if (reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	(void)close(fd);
}

/* Its output has ended, or has failed. */
static void free_client(struct client *client)
{
	hf__copier_stop(&client->to_guest);
	hf__copier_join(&client->to_guest);
	hf__copier_join(&client->to_client);
	close_client(client->fd, atomic_load(&client->broken));
	hf_socket_close(client->socket);
	hf_list_remove(&client->link);
	free(client);
}

/* Takes over the pipes of the client's end. */
static int start_copiers(struct client *client)
{
	struct hf_pipe *in = client->socket->in, *out = client->socket->out;
	client->socket->in = client->socket->out = NULL;
	client->to_guest.over = to_guest_over;
	client->to_client.over = to_client_over;
	atomic_init(&client->copiers_left, 2);
	int result = hf__copier_start(&client->to_client, in, client->fd, false);
	if (result < 0) {
		hf_pipe_drop_writer(out);
		return result;
	}
	result = hf__copier_start(&client->to_guest, out, client->fd, true);
	if (result < 0) {
		/* The other one ends, because the guest's bytes cannot reach a client that is gone. */
		atomic_store(&client->broken, true);
		hf__copier_stop(&client->to_client);
	}
	return result;
}

/* ---- accepting ---- */

/* Waits for room in the backlog. -HF_EINTR: the guest has ended; else as hf_socket_connect. */
static int connect_to_guest(struct hf_tcp *tcp, struct hf_socket **out)
{
	struct hf_thread_waiter waiter;
	hf_thread_waiter_init(&waiter, &tcp->kernel);
	for (;;) {
		uint32_t ticket = hf_park_ticket(&tcp->kernel);
		int result = hf_socket_connect(tcp->port, out, &waiter.waiter);
		bool full = result == -HF_EAGAIN;
		if (full)
			result = hf_park(&tcp->kernel, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
		hf_socket_unpoll(&waiter.waiter);
		if (!full || result < 0)
			return result;
	}
}

/* False: there are no resources (accept(2): EMFILE, ENFILE, ENOBUFS, ENOMEM), and clients in the backlog keep waiting. */
static bool take_client(struct hf_tcp *tcp)
{
	int fd = accept4(tcp->listening, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
		       errno != ENOMEM; /* otherwise the client is already gone */
	struct client *client = calloc(1, sizeof *client);
	if (!client || connect_to_guest(tcp, &client->socket) < 0) {
		/* The listener is closed, or there are too many connections. */
		close_client(fd, true);
		free(client);
		return true;
	}
	client->tcp = tcp;
	client->fd = fd;
	hf_list_append(&tcp->clients, &client->link);
	if (start_copiers(client) < 0)
		free_client(client);
	return true;
}

static void forget_gone(struct hf_tcp *tcp)
{
	char bytes[64];
	while (read(tcp->bell[0], bytes, sizeof bytes) > 0)
		;
	HF_LIST_EACH(link, &tcp->clients)
	{
		struct client *client = HF_CONTAINER(link, struct client, link);
		if (atomic_load(&client->copiers_left) == 0)
			free_client(client);
	}
}

/* Sleeps until the bell rings, or, with `clients`, until a client is accepted; false once the deadline has passed, or if a client could not be
 * accepted. */
static bool wait_for_news(struct hf_tcp *tcp, bool clients, uint64_t deadline)
{
	struct pollfd wanted[2] = {{.fd = tcp->bell[0], .events = POLLIN}, {.fd = tcp->listening, .events = POLLIN}};
	uint64_t now = hf_plat_monotonic();
	int timeout = deadline == HF_FOREVER ? -1 : now < deadline ? (int)((deadline - now) / 1000000) + 1 : 0;
	int count = poll(wanted, clients ? 2 : 1, timeout);
	if (wanted[0].revents)
		forget_gone(tcp);
	if (clients && wanted[1].revents && !take_client(tcp))
		return false;
	return count != 0 || timeout != 0;
}

/* Called when the guest has ended: it receives no more bytes, and its last bytes must be sent. */
static void finish(struct hf_tcp *tcp)
{
	uint64_t deadline = hf_plat_monotonic() + LINGER;
	HF_LIST_EACH(link, &tcp->clients)
	{
		struct client *client = HF_CONTAINER(link, struct client, link);
		hf__copier_stop(&client->to_guest);
		hf__copier_join(&client->to_guest);
	}
	while (!hf_list_empty(&tcp->clients) && !atomic_load(&tcp->dropped) && wait_for_news(tcp, false, deadline))
		;
	HF_LIST_EACH(link, &tcp->clients)
	{
		struct client *client = HF_CONTAINER(link, struct client, link);
		(void)shutdown(client->fd, SHUT_RDWR); /* a writer gets EPIPE */
		free_client(client);
	}
}

static void *join_clients(void *argument)
{
	struct hf_tcp *tcp = argument;
	while (!atomic_load(&tcp->stopping)) {
		/* Without resources the listening socket stays readable, so the next attempt is made when a client has finished, or after a pause. */
		if (!wait_for_news(tcp, true, HF_FOREVER))
			(void)wait_for_news(tcp, false, hf_plat_monotonic() + PATIENCE);
	}
	finish(tcp);
	hf__guest_stream_ended(tcp->guest, &tcp->ended);
	return NULL;
}

static void close_bell(struct hf_tcp *tcp)
{
	(void)close(tcp->bell[0]);
	(void)close(tcp->bell[1]);
}

static int start_joining(struct hf_tcp *tcp, int listening, uint16_t port)
{
	tcp->listening = listening;
	tcp->port = port;
	hf_list_init(&tcp->clients);
	hf_thread_init(&tcp->kernel, NULL, 1);
	if (pipe2(tcp->bell, O_CLOEXEC | O_NONBLOCK) < 0)
		return -HF_EAGAIN;
	tcp->running = pthread_create(&tcp->os_thread, NULL, join_clients, tcp) == 0;
	if (!tcp->running)
		close_bell(tcp);
	return tcp->running ? 0 : -HF_EAGAIN;
}

void hf__tcp_stop(struct hf_tcp *tcp, bool drop)
{
	if (!tcp->running)
		return;
	if (drop)
		atomic_store(&tcp->dropped, true);
	atomic_store(&tcp->stopping, true);
	hf_thread_stop(&tcp->kernel);
	tell(tcp);
}

void hf__tcp_join(struct hf_tcp *tcp)
{
	if (!tcp->running)
		return;
	pthread_join(tcp->os_thread, NULL);
	close_bell(tcp);
	tcp->running = false;
}

/* ---- start ---- */

int hf__guest_add_socket(struct hf_guest *guest, const struct hf_guest_socket *spec, struct hf_tcp *tcp)
{
	struct hf_listener *listener = NULL;
	struct hf_socket *socket;
	struct hf_file *file;
	uint16_t port = spec->port;
	int result = spec->listens ? hf_listener_open(port, &listener) : hf_socket_connect(port, &socket, NULL);
	if (result < 0)
		return result;
	if (listener)
		port = listener->port;
	result = listener ? hf_file_open_listener(listener, &file) : hf_file_open_socket(socket, &file);
	if (result < 0)
		return result;
	atomic_init(&file->flags, spec->nonblocking ? HF_FDFLAG_NONBLOCK : 0);
	result = hf_fd_insert_preopen(&guest->process->fds, file, "", 0, hf__rights_of(file),
	                              spec->listens ? HF_RIGHTS_SOCKET : 0);
	tcp->guest = guest;
	if (result >= 0 && spec->tcp >= 0)
		result = start_joining(tcp, spec->tcp, port);
	return result < 0 ? result : 0;
}
