/* socket.c - ports, backlogs and connections. */
#include "kernel/socket.h"

#include "platform/alloc.h"

#define FREE_PORTS (UINT16_MAX + 1 - HF_PORT_FIRST_FREE)

static struct hf_lock ports_lock = HF_LOCK_INIT(HF_RANK_PIPE);
static struct hf_link ports HF_GUARDED_BY(ports_lock) = {&ports, &ports};
static uint32_t listeners HF_GUARDED_BY(ports_lock);
static uint32_t next_free HF_GUARDED_BY(ports_lock) = HF_PORT_FIRST_FREE;
static uint32_t connections HF_GUARDED_BY(ports_lock);                  /* so far */
static uint64_t next_ino HF_GUARDED_BY(ports_lock) = UINT64_C(1) << 32; /* connections use their pipes' numbers */
/* Open ends, including those being created. */
static _Atomic uint32_t ends;

/* ---- ports ---- */

static struct hf_listener *find_locked(uint32_t port) HF_REQUIRES(ports_lock)
{
	HF_ASSERT(hf_lock_is_held(&ports_lock));
	HF_LIST_EACH(link, &ports)
	{
		struct hf_listener *listener = HF_CONTAINER(link, struct hf_listener, link);
		if (listener->port == port)
			return listener;
	}
	return NULL;
}

/* Finds a port of the kind (0, HF_PORT_DATAGRAMS or HF_PORT_HTTP) without a listener, or 0. Ports are used in rotation, so that a released one is not reused soon. */
static uint32_t free_port_locked(uint32_t kind) HF_REQUIRES(ports_lock)
{
	HF_ASSERT(hf_lock_is_held(&ports_lock));
	for (uint32_t tried = HF_PORT_FIRST_FREE; tried <= UINT16_MAX; tried++) {
		uint32_t port = next_free;
		next_free = port == UINT16_MAX ? HF_PORT_FIRST_FREE : port + 1;
		if (!find_locked(kind | port))
			return kind | port;
	}
	return 0;
}

int hf_listener_open_for(uint32_t port, uint32_t most, struct hf_listener **out)
{
	struct hf_listener *listener = hf_alloc_zeroed(sizeof *listener);
	if (!listener)
		return -HF_ENOMEM;
	hf_list_init(&listener->backlog);
	hf_waitq_init(&listener->acceptable);
	hf_waitq_init(&listener->connectable);
	listener->most = most;
	hf_lock(&ports_lock);
	uint32_t chosen = port & UINT16_MAX ? port : free_port_locked(port);
	bool taken = chosen == 0 || (chosen == port && find_locked(port));
	if (!taken) {
		listener->port = chosen;
		listener->ino = next_ino++;
		listeners++;
		hf_list_append(&ports, &listener->link);
	}
	hf_unlock(&ports_lock);
	if (taken) {
		hf_free(listener);
		return -HF_EADDRINUSE;
	}
	*out = listener;
	return 0;
}

void hf_listener_limit(struct hf_listener *listener, uint32_t most)
{
	hf_lock(&ports_lock);
	listener->most = most < HF_BACKLOG ? most : HF_BACKLOG;
	hf_waitq_wake(&listener->connectable);
	hf_unlock(&ports_lock);
}

/* Wakes and unlinks all waiters, because the queue is about to be freed. */
static void dismiss(struct hf_waitq *queue)
{
	hf_waitq_wake(queue);
	HF_LIST_EACH(link, &queue->waiters)
	{
		hf_list_remove(link);
	}
}

static struct hf_socket *take_pending_locked(struct hf_listener *listener) HF_REQUIRES(ports_lock)
{
	HF_ASSERT(hf_lock_is_held(&ports_lock));
	if (hf_list_empty(&listener->backlog))
		return NULL;
	struct hf_socket *socket = HF_CONTAINER(listener->backlog.next, struct hf_socket, pending);
	hf_list_remove(&socket->pending);
	listener->backlog_size--;
	return socket;
}

void hf_listener_close(struct hf_listener *listener)
{
	hf_lock(&ports_lock);
	hf_list_remove(&listener->link); /* from here on no thread finds it */
	listeners--;
	dismiss(&listener->acceptable);
	dismiss(&listener->connectable);
	hf_unlock(&ports_lock);
	for (;;) {
		hf_lock(&ports_lock);
		struct hf_socket *socket = take_pending_locked(listener);
		hf_unlock(&ports_lock);
		if (!socket)
			break;
		hf_pipe_reset(socket->out); /* bytes sent to it were never read (Linux does the same) */
		hf_socket_close(socket);
	}
	hf_free(listener);
}

/* ---- accepting ---- */

int hf_listener_try_accept(struct hf_listener *listener, struct hf_socket **out, struct hf_waiter *waiter)
{
	hf_lock(&ports_lock);
	struct hf_socket *socket = take_pending_locked(listener);
	if (socket)
		hf_waitq_wake(&listener->connectable);
	else
		hf_waitq_add_once(&listener->acceptable, waiter);
	hf_unlock(&ports_lock);
	*out = socket;
	return socket ? 0 : -HF_EAGAIN;
}

int hf_listener_accept(struct hf_listener *listener, struct hf_thread *thread, bool nonblock, struct hf_socket **out)
{
	struct hf_thread_waiter waiter;
	hf_thread_waiter_init(&waiter, thread);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		int result = hf_listener_try_accept(listener, out, nonblock ? NULL : &waiter.waiter);
		if (result == -HF_EAGAIN && !nonblock) {
			result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
			hf_socket_unpoll(&waiter.waiter);
			if (result == 0)
				continue;
		}
		return result;
	}
}

uint32_t hf_listener_poll(struct hf_listener *listener, struct hf_waiter *waiter)
{
	hf_lock(&ports_lock);
	uint32_t pending = listener->backlog_size;
	if (pending == 0)
		hf_waitq_add_once(&listener->acceptable, waiter);
	hf_unlock(&ports_lock);
	return pending;
}

void hf_socket_unpoll(struct hf_waiter *waiter)
{
	hf_lock(&ports_lock);
	hf_waitq_remove(waiter);
	hf_unlock(&ports_lock);
}

/* ---- connecting ---- */

static void free_socket(struct hf_socket *socket)
{
	hf_free(socket);
	atomic_fetch_sub(&ends, 1);
}

/* Creates the two ends of a connection. */
static int create_pair(struct hf_socket *pair[2])
{
	struct hf_pipe *pipes[2] = {NULL, NULL};
	int result = -HF_ENOMEM;
	pair[0] = hf_alloc_zeroed(sizeof *pair[0]);
	pair[1] = hf_alloc_zeroed(sizeof *pair[1]);
	if (pair[0] && pair[1])
		result = hf_pipe_create(HF_PIPE_SIZE, &pipes[0]);
	if (result == 0) {
		result = hf_pipe_create(HF_PIPE_SIZE, &pipes[1]);
		if (result < 0) {
			hf_pipe_drop_reader(pipes[0]);
			hf_pipe_drop_writer(pipes[0]);
		}
	}
	if (result < 0) {
		hf_free(pair[0]);
		hf_free(pair[1]);
		return result;
	}
	for (int i = 0; i < 2; i++) {
		pair[i]->in = pipes[i];
		pair[i]->out = pipes[1 - i];
		hf_list_init(&pair[i]->pending);
	}
	return 0;
}

/* Whether a listener would accept a connection now. */
static int look_locked(uint32_t port, struct hf_listener **out, struct hf_waiter *waiter) HF_REQUIRES(ports_lock)
{
	HF_ASSERT(hf_lock_is_held(&ports_lock));
	*out = find_locked(port);
	if (!*out || (*out)->most == 0)
		return -HF_ECONNREFUSED;
	if ((*out)->backlog_size < (*out)->most)
		return 0;
	hf_waitq_add_once(&(*out)->connectable, waiter);
	return -HF_EAGAIN;
}

static int look(uint32_t port, struct hf_waiter *waiter)
{
	struct hf_listener *listener;
	hf_lock(&ports_lock);
	int result = look_locked(port, &listener, waiter);
	hf_unlock(&ports_lock);
	return result;
}

static int enter_backlog(uint16_t from, uint32_t port, struct hf_socket *pair[2], struct hf_waiter *waiter)
{
	struct hf_listener *listener;
	hf_lock(&ports_lock);
	int result = look_locked(port, &listener, waiter);
	if (result == 0) {
		pair[0]->port = pair[1]->peer_port = from ? from : (uint16_t)(HF_PORT_FIRST_FREE + connections++ % FREE_PORTS);
		pair[0]->peer_port = pair[1]->port = (uint16_t)port;
		hf_list_append(&listener->backlog, &pair[1]->pending);
		listener->backlog_size++;
		hf_waitq_wake(&listener->acceptable);
	}
	hf_unlock(&ports_lock);
	return result;
}

int hf_socket_connect_from(uint16_t from, uint32_t port, struct hf_socket **out, struct hf_waiter *waiter)
{
	struct hf_socket *pair[2];
	/* Checked before anything is created, because a missing listener is common, and must be cheap. */
	int result = look(port, waiter);
	if (result < 0)
		return result;
	if (atomic_fetch_add(&ends, 2) > 2 * HF_CONNECTIONS_MAX - 2) {
		atomic_fetch_sub(&ends, 2);
		return -HF_ENOBUFS;
	}
	result = create_pair(pair);
	if (result < 0) {
		atomic_fetch_sub(&ends, 2);
		return result;
	}
	result = enter_backlog(from, port, pair, waiter);
	if (result < 0) {
		hf_socket_close(pair[0]);
		hf_socket_close(pair[1]);
		return result;
	}
	*out = pair[0];
	return 0;
}

/* ---- an end ---- */

void hf_socket_shutdown(struct hf_socket *socket, unsigned how)
{
	if (how & HF_SHUT_RD)
		(void)hf_pipe_end(socket->in);
	if (how & HF_SHUT_WR)
		(void)hf_pipe_end(socket->out);
}

void hf_socket_close(struct hf_socket *socket)
{
	/* The pipe is ended before its bytes are counted, so that every loss is reported; and the receiving direction before the sending one, so that a
	 * peer that sees our end of file also sees that we have closed. */
	uint32_t lost = socket->in ? hf_pipe_end(socket->in) : 0;
	if (socket->in)
		hf_pipe_drop_reader(socket->in);
	if (socket->out) {
		if (lost)
			hf_pipe_reset(socket->out);
		hf_pipe_drop_writer(socket->out);
	}
	free_socket(socket);
}

uint32_t hf_socket_count(void)
{
	return atomic_load(&ends);
}

uint32_t hf_listener_count(void)
{
	hf_lock(&ports_lock);
	uint32_t count = listeners;
	hf_unlock(&ports_lock);
	return count;
}
