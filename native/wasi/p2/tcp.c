/* tcp.c - wasi:sockets/tcp and tcp-create-socket, over the runtime's loopback.
 *
 * A socket that is bound has a listener that refuses connections until it listens (kernel/socket.h), so that no other socket gets its port. The options that
 * concern packets are only kept: no packet is ever lost or delayed here. */
#include "kernel/socket.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/net.h"
#include "wasi/p2/pollable.h"
#include "wasi/p2/stream.h"

/* In the order of WIT's list; "bound or higher" is any from BOUND to CONNECTED. */
enum tcp_state {
	UNBOUND,
	BIND_IN_PROGRESS,
	BOUND,
	LISTEN_IN_PROGRESS,
	LISTENING,
	CONNECT_IN_PROGRESS,
	CONNECTED,
	CLOSED,
};

enum option {
	KEEP_ALIVE,
	IDLE_TIME, /* durations are nanoseconds */
	INTERVAL,
	COUNT,
	HOP_LIMIT,
	RECEIVE_BUFFER,
	SEND_BUFFER,
	OPTIONS,
};

/* The defaults of Linux, except for the sizes of buffers, which are those of pipes. */
static const uint64_t defaults[OPTIONS] = {
	[IDLE_TIME] = UINT64_C(7200000000000), [INTERVAL] = UINT64_C(75000000000), [COUNT] = 9, [HOP_LIMIT] = 64,
	[RECEIVE_BUFFER] = HF_PIPE_SIZE,       [SEND_BUFFER] = HF_PIPE_SIZE,
};

struct tcp_socket {
	struct hf_p2_socket base; /* its descriptor is the connection's, or the listener's while there is none */
	enum tcp_state state;
	enum hf_p2_net connecting; /* in CONNECT_IN_PROGRESS: how it ended */
	uint32_t reserved;         /* a connection's socket that was bound: the descriptor of its port */
	struct hf_p2_ip ip, peer;  /* of local-address and remote-address */
	uint32_t backlog;
	uint64_t options[OPTIONS];
};

void hf__p2_destroy_tcp_socket(struct hf_p2_object *object)
{
	struct tcp_socket *socket = (struct tcp_socket *)(void *)object;
	hf__p2_close_socket(object->p2, &socket->base.fd);
	hf__p2_close_socket(object->p2, &socket->reserved);
}

static struct tcp_socket *create(struct hf_p2 *p2, enum hf_p2_family family)
{
	struct tcp_socket *socket = hf__p2_object(p2, sizeof *socket, HF_P2_TCP_SOCKET, NULL);
	if (!socket)
		return NULL;
	socket->base.family = (uint8_t)family;
	socket->backlog = HF_BACKLOG;
	for (int i = 0; i < OPTIONS; i++)
		socket->options[i] = defaults[i];
	return socket;
}

/* result<own<…>, error-code>, and the same of two or three handles. */
struct handles_result {
	uint8_t failed;
	uint32_t handles[3];
};

static void sys_create_tcp_socket(hf_b b, uint32_t family, uint32_t out)
{
	struct handles_result ok = {0};
	if (family >= FAMILIES) {
		(void)hf__p2_trap_at(b->p2, "an ip-address-family has no case #", family);
		return;
	}
	if (hf__p2_check(b, out, 8, 4) < 0)
		return;
	struct tcp_socket *socket = create(b->p2, (enum hf_p2_family)family);
	if (socket)
		ok.handles[0] = hf__p2_give(b, &socket->base.base);
	hf__p2_put_net(b, out, socket ? NET_OK : NET_OUT_OF_MEMORY, &ok, 8, 4);
}

P2_VOID_DOOR(create_tcp_socket, (uint32_t family, uint32_t out), family, out)

/* Returns the socket, after checking the address of the result; NULL after a trap. */
static struct tcp_socket *get(hf_b b, uint32_t self, uint32_t out, uint32_t size, uint32_t alignment)
{
	struct tcp_socket *socket = hf__p2_borrow(b, HF_P2_TCP_SOCKET, self);
	return socket && hf__p2_check(b, out, size, alignment) == 0 ? socket : NULL;
}

static bool in_progress(const struct tcp_socket *socket)
{
	return socket->state == BIND_IN_PROGRESS || socket->state == LISTEN_IN_PROGRESS ||
	       socket->state == CONNECT_IN_PROGRESS;
}

/* ---- bind ---- */

static enum hf_p2_net bind(struct tcp_socket *socket, const struct hf_p2_address *address)
{
	struct hf_p2 *p2 = socket->base.base.p2;
	if (in_progress(socket))
		return NET_CONCURRENCY_CONFLICT;
	if (socket->state != UNBOUND)
		return NET_INVALID_STATE;
	enum hf_p2_net code = hf__p2_check_address((enum hf_p2_family)socket->base.family, &address->ip);
	if (code != NET_OK)
		return code;
	if (!hf__p2_is_loopback(&address->ip) && !hf__p2_is_unspecified(&address->ip))
		return NET_ADDRESS_NOT_BINDABLE;
	int fd = hf_sock_call(p2->thread, HF_SOCK_BIND, 0, address->port);
	if (fd < 0)
		return hf__p2_net_code(fd);
	socket->base.fd = (uint32_t)fd;
	socket->ip = address->ip;
	socket->state = BIND_IN_PROGRESS;
	return NET_OK;
}

static void sys_tcp_start_bind(hf_b b, uint32_t self, uint32_t network, HF_P2_FLAT_ADDRESS, uint32_t out)
{
	struct hf_p2_address address;
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (socket && hf__p2_borrow(b, HF_P2_NETWORK, network) &&
	    hf__p2_get_address(b, &address, HF_P2_FLAT_ARGUMENTS) == 0)
		hf__p2_put_net_status(b, out, bind(socket, &address));
}

P2_VOID_DOOR(tcp_start_bind, (uint32_t self, uint32_t network, HF_P2_FLAT_ADDRESS, uint32_t out), self, network,
             HF_P2_FLAT_ARGUMENTS, out)

/* Ends what is in progress. */
static enum hf_p2_net finish(struct tcp_socket *socket, enum tcp_state from, enum tcp_state to)
{
	if (socket->state != from)
		return NET_NOT_IN_PROGRESS;
	socket->state = to;
	return NET_OK;
}

static void sys_tcp_finish_bind(hf_b b, uint32_t self, uint32_t out)
{
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (socket)
		hf__p2_put_net_status(b, out, finish(socket, BIND_IN_PROGRESS, BOUND));
}

P2_VOID_DOOR(tcp_finish_bind, (uint32_t self, uint32_t out), self, out)

/* ---- connect ---- */

/* Connects, or finds out why not; finish-connect reports it. */
static enum hf_p2_net connect_to(struct tcp_socket *socket, const struct hf_p2_address *address)
{
	struct hf_thread *thread = socket->base.base.p2->thread;
	int from = 0;
	if (!hf__p2_is_loopback(&address->ip))
		return NET_REMOTE_UNREACHABLE;
	if (socket->base.fd)
		from = hf_sock_call(thread, HF_SOCK_PORT, socket->base.fd, 0);
	int fd = hf_sock_call(thread, HF_SOCK_CONNECT, (uint32_t)from, address->port);
	/* A full backlog refuses the connection, as on Windows: there are no packets that could be sent again later. */
	if (fd < 0)
		return fd == -HF_EAGAIN ? NET_CONNECTION_REFUSED : hf__p2_net_code(fd);
	socket->reserved = socket->base.fd;
	socket->base.fd = (uint32_t)fd;
	return NET_OK;
}

static enum hf_p2_net start_connect(struct tcp_socket *socket, const struct hf_p2_address *address)
{
	if (in_progress(socket))
		return NET_CONCURRENCY_CONFLICT;
	if (socket->state != UNBOUND && socket->state != BOUND)
		return NET_INVALID_STATE;
	enum hf_p2_net code = hf__p2_check_address((enum hf_p2_family)socket->base.family, &address->ip);
	if (code != NET_OK)
		return code;
	if (hf__p2_is_unspecified(&address->ip) || address->port == 0)
		return NET_INVALID_ARGUMENT;
	/* A socket that is unbound, or bound to all addresses, gets the local address from which it reaches the peer. */
	if (socket->state == UNBOUND || hf__p2_is_unspecified(&socket->ip))
		socket->ip = address->ip;
	socket->peer = address->ip;
	socket->connecting = connect_to(socket, address);
	socket->state = CONNECT_IN_PROGRESS;
	return NET_OK;
}

static void sys_tcp_start_connect(hf_b b, uint32_t self, uint32_t network, HF_P2_FLAT_ADDRESS, uint32_t out)
{
	struct hf_p2_address address;
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (socket && hf__p2_borrow(b, HF_P2_NETWORK, network) &&
	    hf__p2_get_address(b, &address, HF_P2_FLAT_ARGUMENTS) == 0)
		hf__p2_put_net_status(b, out, start_connect(socket, &address));
}

P2_VOID_DOOR(tcp_start_connect, (uint32_t self, uint32_t network, HF_P2_FLAT_ADDRESS, uint32_t out), self, network,
             HF_P2_FLAT_ARGUMENTS, out)

/* Handles of a connection's streams, which are the socket's children. */
static enum hf_p2_net give_streams(hf_b b, struct tcp_socket *socket, uint32_t handles[2])
{
	static const enum hf_p2_type types[] = {HF_P2_INPUT_STREAM, HF_P2_OUTPUT_STREAM};
	struct hf_p2_stream *streams[2];
	for (int i = 0; i < 2; i++) {
		streams[i] = hf__p2_stream(b->p2, types[i], socket->base.fd, HF_P2_PLACE_NONE, 0, &socket->base.base);
		if (!streams[i]) {
			if (i == 1)
				hf__p2_unref(&streams[0]->base);
			return NET_OUT_OF_MEMORY;
		}
	}
	for (int i = 0; i < 2; i++)
		handles[i] = hf__p2_give(b, &streams[i]->base);
	return NET_OK;
}

static void sys_tcp_finish_connect(hf_b b, uint32_t self, uint32_t out)
{
	struct handles_result ok = {0};
	struct tcp_socket *socket = get(b, self, out, 12, 4);
	if (!socket)
		return;
	enum hf_p2_net code = NET_NOT_IN_PROGRESS;
	if (socket->state == CONNECT_IN_PROGRESS) {
		code = socket->connecting;
		if (code == NET_OK)
			code = give_streams(b, socket, ok.handles);
		socket->state = code == NET_OK ? CONNECTED : CLOSED;
	}
	hf__p2_put_net(b, out, code, &ok, 12, 4);
}

P2_VOID_DOOR(tcp_finish_connect, (uint32_t self, uint32_t out), self, out)

/* ---- listen, accept ---- */

static enum hf_p2_net start_listen(struct tcp_socket *socket)
{
	if (in_progress(socket))
		return NET_CONCURRENCY_CONFLICT;
	if (socket->state != BOUND)
		return NET_INVALID_STATE;
	int result = hf_sock_call(socket->base.base.p2->thread, HF_SOCK_LISTEN, socket->base.fd, socket->backlog);
	if (result == 0)
		socket->state = LISTEN_IN_PROGRESS;
	return hf__p2_net_code(result);
}

static void sys_tcp_start_listen(hf_b b, uint32_t self, uint32_t out)
{
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (socket)
		hf__p2_put_net_status(b, out, start_listen(socket));
}

P2_VOID_DOOR(tcp_start_listen, (uint32_t self, uint32_t out), self, out)

static void sys_tcp_finish_listen(hf_b b, uint32_t self, uint32_t out)
{
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (!socket)
		return;
	enum hf_p2_net code = finish(socket, LISTEN_IN_PROGRESS, LISTENING);
	socket->base.waits = socket->state == LISTENING;
	hf__p2_put_net_status(b, out, code);
}

P2_VOID_DOOR(tcp_finish_listen, (uint32_t self, uint32_t out), self, out)

/* The socket of a new connection. */
static enum hf_p2_net accept_one(hf_b b, const struct tcp_socket *listener, struct tcp_socket **out)
{
	struct tcp_socket *socket = create(b->p2, (enum hf_p2_family)listener->base.family);
	if (!socket)
		return NET_OUT_OF_MEMORY;
	int fd = hf_sock_call(b->p2->thread, HF_SOCK_ACCEPT, listener->base.fd, 0);
	if (fd < 0) {
		hf__p2_unref(&socket->base.base);
		return hf__p2_net_code(fd);
	}
	socket->base.fd = (uint32_t)fd;
	socket->state = CONNECTED;
	for (int i = 0; i < OPTIONS; i++)
		socket->options[i] = listener->options[i];
	/* Both ends are on the loopback. */
	socket->peer = (struct hf_p2_ip){.family = IPV4, .v4 = {127, 0, 0, 1}};
	if (listener->base.family == IPV6)
		socket->peer = (struct hf_p2_ip){.family = IPV6, .v6 = {[7] = 1}};
	socket->ip = hf__p2_is_unspecified(&listener->ip) ? socket->peer : listener->ip;
	*out = socket;
	return NET_OK;
}

static void sys_tcp_accept(hf_b b, uint32_t self, uint32_t out)
{
	struct handles_result ok = {0};
	struct tcp_socket *listener = get(b, self, out, sizeof ok, 4), *socket = NULL;
	if (!listener)
		return;
	enum hf_p2_net code = listener->state == LISTENING ? accept_one(b, listener, &socket) : NET_INVALID_STATE;
	if (code == NET_OK) {
		code = give_streams(b, socket, ok.handles + 1);
		if (code == NET_OK)
			ok.handles[0] = hf__p2_give(b, &socket->base.base);
		else
			hf__p2_unref(&socket->base.base);
	}
	hf__p2_put_net(b, out, code, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(tcp_accept, (uint32_t self, uint32_t out), self, out)

/* ---- addresses, state ---- */

static void put_address(hf_b b, uint32_t self, bool remote, uint32_t out)
{
	struct hf_p2_address_result ok;
	struct tcp_socket *socket = get(b, self, out, sizeof ok, 4);
	if (!socket)
		return;
	bool known =
		remote ? socket->state == CONNECTED : socket->state >= BOUND && socket->state <= CONNECTED && socket->base.fd;
	struct hf_p2_address address = {.ip = remote ? socket->peer : socket->ip};
	int port = known ? hf_sock_call(b->p2->thread, remote ? HF_SOCK_PEER_PORT : HF_SOCK_PORT, socket->base.fd, 0) : 0;
	address.port = (uint16_t)port;
	hf__p2_put_address(&ok, &address);
	hf__p2_put_net(b, out, known ? hf__p2_net_code(port) : NET_INVALID_STATE, &ok, sizeof ok, 4);
}

static void sys_tcp_local_address(hf_b b, uint32_t self, uint32_t out)
{
	put_address(b, self, false, out);
}

P2_VOID_DOOR(tcp_local_address, (uint32_t self, uint32_t out), self, out)

static void sys_tcp_remote_address(hf_b b, uint32_t self, uint32_t out)
{
	put_address(b, self, true, out);
}

P2_VOID_DOOR(tcp_remote_address, (uint32_t self, uint32_t out), self, out)

static uint32_t sys_tcp_is_listening(hf_b b, uint32_t self)
{
	const struct tcp_socket *socket = hf__p2_borrow(b, HF_P2_TCP_SOCKET, self);
	return socket && socket->state == LISTENING;
}

P2_DOOR(uint32_t, tcp_is_listening, (uint32_t self), self)

static uint32_t sys_tcp_address_family(hf_b b, uint32_t self)
{
	const struct tcp_socket *socket = hf__p2_borrow(b, HF_P2_TCP_SOCKET, self);
	return socket ? socket->base.family : 0;
}

P2_DOOR(uint32_t, tcp_address_family, (uint32_t self), self)

static uint32_t sys_tcp_subscribe(hf_b b, uint32_t self)
{
	struct tcp_socket *socket = hf__p2_borrow(b, HF_P2_TCP_SOCKET, self);
	struct hf_p2_pollable *pollable = socket ? hf__p2_pollable(b->p2, HF_P2_EVENT_SOCKET, &socket->base.base) : NULL;
	if (!socket)
		return 0;
	return hf__p2_give(b, pollable ? &pollable->base : NULL);
}

P2_DOOR(uint32_t, tcp_subscribe, (uint32_t self), self)

static void sys_tcp_shutdown(hf_b b, uint32_t self, uint32_t how, uint32_t out)
{
	static const uint8_t directions[] = {HF_SHUT_RD, HF_SHUT_WR, HF_SHUT_RD | HF_SHUT_WR};
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (!socket)
		return;
	if (how >= sizeof directions) {
		(void)hf__p2_trap_at(b->p2, "a shutdown-type has no case #", how);
		return;
	}
	int result = -HF_ENOTCONN;
	if (socket->state == CONNECTED)
		result = hf_sock_call(b->p2->thread, HF_SOCK_SHUTDOWN, socket->base.fd, directions[how]);
	hf__p2_put_net_status(b, out, hf__p2_net_code(result));
}

P2_VOID_DOOR(tcp_shutdown, (uint32_t self, uint32_t how, uint32_t out), self, how, out)

/* ---- options ---- */

static void sys_tcp_set_listen_backlog_size(hf_b b, uint32_t self, uint64_t value, uint32_t out)
{
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (!socket)
		return;
	enum hf_p2_net code = NET_OK;
	if (value == 0)
		code = NET_INVALID_ARGUMENT;
	else if (socket->state == CONNECT_IN_PROGRESS || socket->state == CONNECTED)
		code = NET_INVALID_STATE;
	else
		socket->backlog = value < HF_BACKLOG ? (uint32_t)value : HF_BACKLOG;
	if (code == NET_OK && (socket->state == LISTENING || socket->state == LISTEN_IN_PROGRESS))
		code = hf__p2_net_code(hf_sock_call(b->p2->thread, HF_SOCK_LISTEN, socket->base.fd, socket->backlog));
	hf__p2_put_net_status(b, out, code);
}

P2_VOID_DOOR(tcp_set_listen_backlog_size, (uint32_t self, uint64_t value, uint32_t out), self, value, out)

static void set_option(hf_b b, uint32_t self, enum option option, uint64_t value, uint32_t out)
{
	struct tcp_socket *socket = get(b, self, out, 2, 1);
	if (!socket)
		return;
	bool valid = value > 0 || option == KEEP_ALIVE;
	if (valid)
		socket->options[option] = value;
	hf__p2_put_net_status(b, out, valid ? NET_OK : NET_INVALID_ARGUMENT);
}

/* Stores the option as a number of this many bytes. */
static void get_option(hf_b b, uint32_t self, enum option option, uint32_t size, uint32_t out)
{
	struct tcp_socket *socket = get(b, self, out, 2 * size, size);
	if (!socket)
		return;
	const uint8_t ok = 0;
	hf__p2_store(b, out, &ok, 1);
	hf__p2_store(b, out + size, &socket->options[option], size); /* little-endian, as the component's memory is */
}

#define OPTION(name, option, type, size, cast)                                      \
	static void sys_tcp_##name(hf_b b, uint32_t self, uint32_t out)                 \
	{                                                                               \
		get_option(b, self, option, size, out);                                     \
	}                                                                               \
	P2_VOID_DOOR(tcp_##name, (uint32_t self, uint32_t out), self, out)              \
	static void sys_tcp_set_##name(hf_b b, uint32_t self, type value, uint32_t out) \
	{                                                                               \
		set_option(b, self, option, cast, out);                                     \
	}                                                                               \
	P2_VOID_DOOR(tcp_set_##name, (uint32_t self, type value, uint32_t out), self, value, out)

OPTION(keep_alive_enabled, KEEP_ALIVE, uint32_t, 1, value != 0)
OPTION(keep_alive_idle_time, IDLE_TIME, uint64_t, 8, value)
OPTION(keep_alive_interval, INTERVAL, uint64_t, 8, value)
OPTION(keep_alive_count, COUNT, uint32_t, 4, value)
OPTION(hop_limit, HOP_LIMIT, uint32_t, 1, (uint8_t)value)
OPTION(receive_buffer_size, RECEIVE_BUFFER, uint64_t, 8, value)
OPTION(send_buffer_size, SEND_BUFFER, uint64_t, 8, value)
