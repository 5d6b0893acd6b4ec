/* udp.c - wasi:sockets/udp and udp-create-socket, over the runtime's loopback.
 *
 * A socket is a listener on a port for datagrams (kernel/socket.h): a sender connects to it, writes and closes, and the receiver accepts and reads to
 * the end. So a queue holds QUEUE datagrams. A datagram is lost if the queue is full or no socket has the port, as in any network. */
#include <string.h>

#include "kernel/socket.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/net.h"
#include "wasi/p2/pollable.h"

/* The datagrams that wait at a socket, and the most that one call sends or receives. */
#define QUEUE 16
/* The largest payload of UDP over IPv4. */
#define DATAGRAM_MOST 65507
_Static_assert(DATAGRAM_MOST <= HF_PIPE_SIZE, "a datagram is written at once");

struct udp_socket {
	struct hf_p2_socket base;
	bool binding, bound;
	bool connected;      /* the streams have one peer */
	uint32_t generation; /* of its streams: only the last ones work */
	struct hf_p2_ip ip;
	struct hf_p2_address peer;
	uint64_t hop_limit, receive_buffer, send_buffer;
};

/* An INCOMING_ or OUTGOING_DATAGRAM_STREAM, whose parent is the socket. */
struct datagram_stream {
	struct hf_p2_object base;
	uint32_t generation;
	uint64_t permit; /* what check-send has permitted */
};

static struct udp_socket *socket_of(const struct datagram_stream *stream)
{
	return (struct udp_socket *)(void *)stream->base.parent;
}

static bool is_old(const struct datagram_stream *stream)
{
	return stream->generation != socket_of(stream)->generation;
}

void hf__p2_destroy_udp_socket(struct hf_p2_object *object)
{
	hf__p2_close_socket(object->p2, &((struct udp_socket *)(void *)object)->base.fd);
}

struct handles_result {
	uint8_t failed;
	uint32_t handles[2];
};

static void sys_create_udp_socket(hf_b b, uint32_t family, uint32_t out)
{
	struct handles_result ok = {0};
	if (family >= FAMILIES) {
		(void)hf__p2_trap_at(b->p2, "an ip-address-family has no case #", family);
		return;
	}
	if (hf__p2_check(b, out, 8, 4) < 0)
		return;
	struct udp_socket *socket = hf__p2_object(b->p2, sizeof *socket, HF_P2_UDP_SOCKET, NULL);
	if (socket) {
		socket->base.family = (uint8_t)family;
		socket->hop_limit = 64;
		socket->receive_buffer = socket->send_buffer = (uint64_t)QUEUE * HF_PIPE_SIZE;
		ok.handles[0] = hf__p2_give(b, &socket->base.base);
	}
	hf__p2_put_net(b, out, socket ? NET_OK : NET_OUT_OF_MEMORY, &ok, 8, 4);
}

P2_VOID_DOOR(create_udp_socket, (uint32_t family, uint32_t out), family, out)

static struct udp_socket *get(hf_b b, uint32_t self, uint32_t out, uint32_t size, uint32_t alignment)
{
	struct udp_socket *socket = hf__p2_borrow(b, HF_P2_UDP_SOCKET, self);
	return socket && hf__p2_check(b, out, size, alignment) == 0 ? socket : NULL;
}

/* ---- bind ---- */

static enum hf_p2_net bind(struct udp_socket *socket, const struct hf_p2_address *address)
{
	struct hf_thread *thread = socket->base.base.p2->thread;
	if (socket->binding)
		return NET_CONCURRENCY_CONFLICT;
	if (socket->bound)
		return NET_INVALID_STATE;
	enum hf_p2_net code = hf__p2_check_address((enum hf_p2_family)socket->base.family, &address->ip);
	if (code != NET_OK)
		return code;
	if (!hf__p2_is_loopback(&address->ip) && !hf__p2_is_unspecified(&address->ip))
		return NET_ADDRESS_NOT_BINDABLE;
	int fd = hf_sock_call(thread, HF_SOCK_BIND, 0, HF_PORT_DATAGRAMS | address->port);
	if (fd < 0)
		return hf__p2_net_code(fd);
	socket->base.fd = (uint32_t)fd;
	socket->ip = address->ip;
	socket->binding = true;
	return hf__p2_net_code(hf_sock_call(thread, HF_SOCK_LISTEN, socket->base.fd, QUEUE));
}

static void sys_udp_start_bind(hf_b b, uint32_t self, uint32_t network, HF_P2_FLAT_ADDRESS, uint32_t out)
{
	struct hf_p2_address address;
	struct udp_socket *socket = get(b, self, out, 2, 1);
	if (socket && hf__p2_borrow(b, HF_P2_NETWORK, network) &&
	    hf__p2_get_address(b, &address, HF_P2_FLAT_ARGUMENTS) == 0)
		hf__p2_put_net_status(b, out, bind(socket, &address));
}

P2_VOID_DOOR(udp_start_bind, (uint32_t self, uint32_t network, HF_P2_FLAT_ADDRESS, uint32_t out), self, network,
             HF_P2_FLAT_ARGUMENTS, out)

static void sys_udp_finish_bind(hf_b b, uint32_t self, uint32_t out)
{
	struct udp_socket *socket = get(b, self, out, 2, 1);
	if (!socket)
		return;
	enum hf_p2_net code = socket->binding ? NET_OK : NET_NOT_IN_PROGRESS;
	socket->bound |= socket->binding;
	socket->binding = false;
	hf__p2_put_net_status(b, out, code);
}

P2_VOID_DOOR(udp_finish_bind, (uint32_t self, uint32_t out), self, out)

/* ---- stream ---- */

/* Whether datagrams can be sent to the address. */
static enum hf_p2_net check_peer(const struct udp_socket *socket, const struct hf_p2_address *address)
{
	if (hf__p2_check_address((enum hf_p2_family)socket->base.family, &address->ip) != NET_OK || address->port == 0 ||
	    hf__p2_is_unspecified(&address->ip))
		return NET_INVALID_ARGUMENT;
	return hf__p2_is_loopback(&address->ip) ? NET_OK : NET_REMOTE_UNREACHABLE;
}

static enum hf_p2_net give_streams(hf_b b, struct udp_socket *socket, uint32_t handles[2])
{
	static const enum hf_p2_type types[] = {HF_P2_INCOMING_DATAGRAM_STREAM, HF_P2_OUTGOING_DATAGRAM_STREAM};
	struct datagram_stream *streams[2];
	for (int i = 0; i < 2; i++) {
		streams[i] = hf__p2_object(b->p2, sizeof *streams[i], types[i], &socket->base.base);
		if (!streams[i]) {
			if (i == 1)
				hf__p2_unref(&streams[0]->base);
			return NET_OUT_OF_MEMORY;
		}
		streams[i]->generation = socket->generation + 1;
	}
	socket->generation++;
	for (int i = 0; i < 2; i++)
		handles[i] = hf__p2_give(b, &streams[i]->base);
	return NET_OK;
}

static void sys_udp_stream(hf_b b, uint32_t self, uint32_t some, HF_P2_FLAT_ADDRESS, uint32_t out)
{
	struct handles_result ok = {0};
	struct hf_p2_address peer = {0};
	struct udp_socket *socket = get(b, self, out, sizeof ok, 4);
	if (!socket)
		return;
	if (some > 1) {
		(void)hf__p2_trap_at(b->p2, "an option has no case #", some);
		return;
	}
	if (some && hf__p2_get_address(b, &peer, HF_P2_FLAT_ARGUMENTS) < 0)
		return;
	enum hf_p2_net code = !socket->bound ? NET_INVALID_STATE : some ? check_peer(socket, &peer) : NET_OK;
	if (code == NET_OK)
		code = give_streams(b, socket, ok.handles);
	if (code == NET_OK) {
		socket->connected = some;
		socket->peer = peer;
	}
	hf__p2_put_net(b, out, code, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(udp_stream, (uint32_t self, uint32_t some, HF_P2_FLAT_ADDRESS, uint32_t out), self, some,
             HF_P2_FLAT_ARGUMENTS, out)

/* ---- receive ---- */

/* A datagram, in a block of the state. */
struct datagram {
	uint16_t port; /* of the sender */
	uint32_t size;
	char bytes[];
};

/* Reads what a sender writes, to its end. The sender has connected and is about to write and close, which it does without waiting for anything. */
static int read_all(struct hf_p2 *p2, uint32_t fd, struct datagram *datagram)
{
	struct hf_fd_view view;
	struct hf_iov iov;
	struct hf_uio uio;
	for (;;) {
		int result = hf__p2_wait_fd(p2, fd, HF_READY_IN, HF_FOREVER);
		if (result >= 0)
			result = hf_fd_get(&p2->thread->process->fds, fd, 0, &view);
		if (result < 0)
			return result;
		uint32_t room = HF_PIPE_SIZE - datagram->size;
		hf_uio_kernel(&uio, &iov, datagram->bytes + datagram->size, room);
		result = view.file->ops->read(view.file, p2->thread, &uio);
		hf_fd_put(&view);
		uint32_t moved = room - (uint32_t)uio.resid;
		datagram->size += moved;
		if (result != -HF_EAGAIN && (result < 0 || moved == 0))
			return result;
	}
}

/* Takes the next datagram of a sender that the socket listens to. -HF_EAGAIN: there is none, or after as many from others as a queue holds: they could
 * arrive faster than they are dropped here, where the thread does not check its orders. */
static int take(struct udp_socket *socket, struct datagram **out)
{
	struct hf_p2 *p2 = socket->base.base.p2;
	for (int i = 0; i < QUEUE; i++) {
		struct datagram *datagram = hf__p2_alloc(p2, sizeof *datagram + HF_PIPE_SIZE);
		int fd = datagram ? hf_sock_call(p2->thread, HF_SOCK_ACCEPT, socket->base.fd, 0) : -HF_ENOMEM;
		int result = fd;
		if (fd >= 0) {
			datagram->port = (uint16_t)hf_sock_call(p2->thread, HF_SOCK_PEER_PORT, (uint32_t)fd, 0);
			result = read_all(p2, (uint32_t)fd, datagram);
			(void)hf_fd_close(&p2->thread->process->fds, (uint32_t)fd);
		}
		*out = datagram;
		if (result == 0 && (!socket->connected || socket->peer.port == datagram->port))
			return 0;
		hf__p2_give_back(datagram);
		if (result < 0 && result != -HF_ECONNRESET)
			return result;
	}
	return -HF_EAGAIN;
}

/* record incoming-datagram */
struct incoming {
	struct hf_p2_list data;
	struct {
		uint32_t words[8];
	} address;
};
_Static_assert(sizeof(struct incoming) == 40, "as in the canonical ABI");

static int put_datagram(hf_b b, const struct udp_socket *socket, const struct datagram *datagram, uint32_t at)
{
	struct incoming incoming;
	struct hf_p2_address_result address;
	struct hf_p2_address from = {.ip = {.family = IPV4, .v4 = {127, 0, 0, 1}}, .port = datagram->port};
	if (socket->base.family == IPV6)
		from.ip = (struct hf_p2_ip){.family = IPV6, .v6 = {[7] = 1}};
	hf__p2_put_address(&address, &from);
	_Static_assert(sizeof address.address == sizeof incoming.address, "ip-socket-address");
	memcpy(&incoming.address, &address.address, sizeof incoming.address);
	incoming.data.count = datagram->size;
	int result = hf__p2_put_new(b, datagram->bytes, datagram->size, 1, &incoming.data.at);
	if (result == 0)
		hf__p2_store(b, at, &incoming, sizeof incoming);
	return result;
}

static int put_datagrams(hf_b b, const struct udp_socket *socket, struct datagram **datagrams, struct hf_p2_list *out)
{
	int result = hf__p2_realloc(b, 4, out->count * (uint32_t)sizeof(struct incoming), &out->at);
	for (uint32_t i = 0; result == 0 && i < out->count; i++)
		result = put_datagram(b, socket, datagrams[i], out->at + i * (uint32_t)sizeof(struct incoming));
	return result;
}

static void sys_udp_receive(hf_b b, uint32_t self, uint64_t most, uint32_t out)
{
	struct datagram_stream *stream = hf__p2_borrow(b, HF_P2_INCOMING_DATAGRAM_STREAM, self);
	struct datagram *datagrams[QUEUE];
	struct {
		uint8_t failed;
		struct hf_p2_list list;
	} ok = {0};
	if (!stream || hf__p2_check(b, out, sizeof ok, 4) < 0)
		return;
	int result = is_old(stream) ? -HF_ENOTCONN : 0;
	while (result == 0 && ok.list.count < QUEUE && ok.list.count < most) {
		result = take(socket_of(stream), &datagrams[ok.list.count]);
		ok.list.count += result == 0;
	}
	/* Return the datagrams received so far, even if a later one failed. */
	if (result == -HF_EAGAIN || ok.list.count > 0)
		result = 0;
	if (result == 0)
		result = put_datagrams(b, socket_of(stream), datagrams, &ok.list);
	for (uint32_t i = 0; i < ok.list.count; i++)
		hf__p2_give_back(datagrams[i]);
	hf__p2_put_net(b, out, hf__p2_net_code(result), &ok, sizeof ok, 4);
}

P2_VOID_DOOR(udp_receive, (uint32_t self, uint64_t most, uint32_t out), self, most, out)

static uint32_t subscribe(hf_b b, struct hf_p2_object *object, struct hf_p2_pollable *pollable)
{
	if (!object)
		return 0;
	return hf__p2_give(b, pollable ? &pollable->base : NULL);
}

static uint32_t sys_udp_incoming_subscribe(hf_b b, uint32_t self)
{
	struct datagram_stream *stream = hf__p2_borrow(b, HF_P2_INCOMING_DATAGRAM_STREAM, self);
	if (!stream)
		return 0;
	return subscribe(b, &stream->base,
	                 hf__p2_pollable_fd(b->p2, socket_of(stream)->base.fd, HF_READY_IN, &stream->base));
}

P2_DOOR(uint32_t, udp_incoming_subscribe, (uint32_t self), self)

/* ---- send ---- */

static void sys_udp_check_send(hf_b b, uint32_t self, uint32_t out)
{
	struct datagram_stream *stream = hf__p2_borrow(b, HF_P2_OUTGOING_DATAGRAM_STREAM, self);
	struct {
		uint8_t failed;
		uint64_t permit;
	} ok = {.permit = QUEUE};
	if (!stream || hf__p2_check(b, out, sizeof ok, 8) < 0)
		return;
	bool old = is_old(stream);
	stream->permit = old ? 0 : QUEUE;
	hf__p2_put_net(b, out, old ? NET_INVALID_STATE : NET_OK, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(udp_check_send, (uint32_t self, uint32_t out), self, out)

/* The size of a record outgoing-datagram: data at 0, the option's case at 8, the address at 12. */
#define OUTGOING 44

/* ip-socket-address as stored in the component's memory. */
static int get_stored_address(hf_b b, const uint8_t *at, struct hf_p2_address *out)
{
	uint16_t port, v6[8];
	uint32_t flow, scope;
	memcpy(&port, at + 4, 2);
	if (at[0] == IPV4)
		return hf__p2_get_address(b, out, IPV4, port, at[6], at[7], at[8], at[9], 0, 0, 0, 0, 0, 0);
	memcpy(&flow, at + 8, 4);
	memcpy(v6, at + 12, sizeof v6);
	memcpy(&scope, at + 28, 4);
	return hf__p2_get_address(b, out, at[0], port, flow, v6[0], v6[1], v6[2], v6[3], v6[4], v6[5], v6[6], v6[7], scope);
}

static bool same_address(const struct hf_p2_address *a, const struct hf_p2_address *b)
{
	if (a->port != b->port || a->ip.family != b->ip.family)
		return false;
	return a->ip.family == IPV4 ? memcmp(a->ip.v4, b->ip.v4, sizeof a->ip.v4) == 0
	                            : memcmp(a->ip.v6, b->ip.v6, sizeof a->ip.v6) == 0;
}

/* Connects, writes and closes. A datagram that nobody receives is lost. */
static enum hf_p2_net deliver(hf_b b, const struct udp_socket *socket, uint16_t port, uint32_t data, uint32_t size)
{
	struct hf_thread *thread = b->p2->thread;
	struct hf_fdtable *fds = &thread->process->fds;
	struct hf_fd_view view;
	int from = hf_sock_call(thread, HF_SOCK_PORT, socket->base.fd, 0) & UINT16_MAX;
	int fd = hf_sock_call(thread, HF_SOCK_CONNECT, (uint32_t)from, HF_PORT_DATAGRAMS | port);
	if (fd < 0)
		return fd == -HF_ECONNREFUSED || fd == -HF_EAGAIN ? NET_OK : hf__p2_net_code(fd);
	int result = hf_fd_get(fds, (uint32_t)fd, 0, &view);
	if (result == 0) {
		const struct hf_iov iov = {.base = data, .size = size};
		struct hf_uio uio = {.mem = &b->mem, .iov = &iov, .iov_left = 1, .resid = size};
		result = size > 0 ? view.file->ops->write(view.file, thread, &uio) : 0;
		hf_fd_put(&view);
	}
	(void)hf_fd_close(fds, (uint32_t)fd);
	return result == -HF_EPIPE ? NET_OK : hf__p2_net_code(result);
}

/* Sends the datagram whose record is at `at`. -HF_EINTR after a trap, else the code. */
static int send_one(hf_b b, const struct udp_socket *socket, uint32_t at)
{
	uint8_t record[OUTGOING];
	uint32_t data, size;
	struct hf_p2_address to = socket->peer;
	if (hf__p2_get(b, record, at, sizeof record, 4) < 0)
		return -HF_EINTR;
	memcpy(&data, record, 4);
	memcpy(&size, record + 4, 4);
	bool some = record[8];
	if (hf__p2_check(b, data, size, 1) < 0 || (some && get_stored_address(b, record + 12, &to) < 0))
		return -HF_EINTR;
	if (some ? socket->connected && !same_address(&to, &socket->peer) : !socket->connected)
		return NET_INVALID_ARGUMENT;
	enum hf_p2_net code = check_peer(socket, &to);
	if (code != NET_OK)
		return (int)code;
	return (int)(size > DATAGRAM_MOST ? NET_DATAGRAM_TOO_LARGE : deliver(b, socket, to.port, data, size));
}

static void sys_udp_send(hf_b b, uint32_t self, uint32_t list, uint32_t count, uint32_t out)
{
	struct datagram_stream *stream = hf__p2_borrow(b, HF_P2_OUTGOING_DATAGRAM_STREAM, self);
	struct {
		uint8_t failed;
		uint64_t sent;
	} ok = {0};
	if (!stream || hf__p2_check(b, out, sizeof ok, 8) < 0 || hf__p2_check(b, list, (uint64_t)count * OUTGOING, 4) < 0)
		return;
	if (count > stream->permit) {
		(void)hf__p2_trap_at(b->p2, "more is sent than the # datagrams that check-send permits", stream->permit);
		return;
	}
	stream->permit -= count;
	int code = is_old(stream) ? NET_INVALID_STATE : NET_OK;
	while (code == NET_OK && ok.sent < count) {
		code = send_one(b, socket_of(stream), list + (uint32_t)ok.sent * OUTGOING);
		ok.sent += code == NET_OK;
	}
	if (code >= 0)
		hf__p2_put_net(b, out, ok.sent > 0 ? NET_OK : (enum hf_p2_net)code, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(udp_send, (uint32_t self, uint32_t list, uint32_t count, uint32_t out), self, list, count, out)

/* Sending never waits. */
static uint32_t sys_udp_outgoing_subscribe(hf_b b, uint32_t self)
{
	struct datagram_stream *stream = hf__p2_borrow(b, HF_P2_OUTGOING_DATAGRAM_STREAM, self);
	if (!stream)
		return 0;
	return subscribe(b, &stream->base, hf__p2_pollable(b->p2, HF_P2_EVENT_NOW, &stream->base));
}

P2_DOOR(uint32_t, udp_outgoing_subscribe, (uint32_t self), self)

/* ---- addresses, options ---- */

static void put_address(hf_b b, uint32_t self, bool remote, uint32_t out)
{
	struct hf_p2_address_result ok;
	struct udp_socket *socket = get(b, self, out, sizeof ok, 4);
	if (!socket)
		return;
	struct hf_p2_address address = {.ip = socket->ip};
	bool known = remote ? socket->connected : socket->bound;
	if (known && remote)
		address = socket->peer;
	else if (known)
		address.port = (uint16_t)hf_sock_call(b->p2->thread, HF_SOCK_PORT, socket->base.fd, 0);
	hf__p2_put_address(&ok, &address);
	hf__p2_put_net(b, out, known ? NET_OK : NET_INVALID_STATE, &ok, sizeof ok, 4);
}

static void sys_udp_local_address(hf_b b, uint32_t self, uint32_t out)
{
	put_address(b, self, false, out);
}

P2_VOID_DOOR(udp_local_address, (uint32_t self, uint32_t out), self, out)

static void sys_udp_remote_address(hf_b b, uint32_t self, uint32_t out)
{
	put_address(b, self, true, out);
}

P2_VOID_DOOR(udp_remote_address, (uint32_t self, uint32_t out), self, out)

static uint32_t sys_udp_address_family(hf_b b, uint32_t self)
{
	const struct udp_socket *socket = hf__p2_borrow(b, HF_P2_UDP_SOCKET, self);
	return socket ? socket->base.family : 0;
}

P2_DOOR(uint32_t, udp_address_family, (uint32_t self), self)

/* Always ready: a socket could only wait for bind, which completes at once. */
static uint32_t sys_udp_subscribe(hf_b b, uint32_t self)
{
	struct udp_socket *socket = hf__p2_borrow(b, HF_P2_UDP_SOCKET, self);
	if (!socket)
		return 0;
	return subscribe(b, &socket->base.base, hf__p2_pollable(b->p2, HF_P2_EVENT_NOW, &socket->base.base));
}

P2_DOOR(uint32_t, udp_subscribe, (uint32_t self), self)

static void set_option(hf_b b, uint64_t *option, uint64_t value, uint32_t out)
{
	if (value > 0)
		*option = value;
	hf__p2_put_net_status(b, out, value > 0 ? NET_OK : NET_INVALID_ARGUMENT);
}

/* Stores the option as a number of this many bytes. */
static void get_option(hf_b b, uint64_t option, uint32_t size, uint32_t out)
{
	const uint8_t ok = 0;
	hf__p2_store(b, out, &ok, 1);
	hf__p2_store(b, out + size, &option, size); /* little-endian, as the component's memory is */
}

#define OPTION(name, field, type, size, cast)                                       \
	static void sys_udp_##name(hf_b b, uint32_t self, uint32_t out)                 \
	{                                                                               \
		const struct udp_socket *socket = get(b, self, out, 2 * (size), size);      \
		if (socket)                                                                 \
			get_option(b, socket->field, size, out);                                \
	}                                                                               \
	P2_VOID_DOOR(udp_##name, (uint32_t self, uint32_t out), self, out)              \
	static void sys_udp_set_##name(hf_b b, uint32_t self, type value, uint32_t out) \
	{                                                                               \
		struct udp_socket *socket = get(b, self, out, 2, 1);                        \
		if (socket)                                                                 \
			set_option(b, &socket->field, cast, out);                               \
	}                                                                               \
	P2_VOID_DOOR(udp_set_##name, (uint32_t self, type value, uint32_t out), self, value, out)

OPTION(unicast_hop_limit, hop_limit, uint32_t, 1, (uint8_t)value)
OPTION(receive_buffer_size, receive_buffer, uint64_t, 8, value)
OPTION(send_buffer_size, send_buffer, uint64_t, 8, value)
