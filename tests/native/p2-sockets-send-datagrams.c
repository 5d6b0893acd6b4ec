/* UDP: datagrams keep their bounds and their order, have their sender's address, and are lost if no socket has the port or its queue is full. */
#include "support/p2_net.h"

#include "kernel/socket.h"
#include "support/threads.h"

enum { DATA = 4096, LIST = 8192, RECORD = 44 };

struct streams {
	uint32_t socket, in, out;
};

static uint32_t network;

static uint32_t udp(struct p2_program *component)
{
	NET_IS(4, hf_p2_create_udp_socket(component->b, IPV4, P2_OUT), NET_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

static uint32_t bound(struct p2_program *component, uint16_t port)
{
	uint32_t socket = udp(component);
	NET_STATUS(hf_p2_udp_start_bind(component->b, socket, network, LOCAL(port), P2_OUT), NET_OK);
	NET_STATUS(hf_p2_udp_finish_bind(component->b, socket, P2_OUT), NET_OK);
	return socket;
}

static struct streams open_streams(struct p2_program *component, uint32_t socket, uint32_t peer)
{
	NET_IS(4, hf_p2_udp_stream(component->b, socket, peer != 0, LOCAL(peer), P2_OUT), NET_OK);
	return (struct streams){socket, peek_u32(component->program, P2_OUT + 4), peek_u32(component->program, P2_OUT + 8)};
}

/* Puts a record for send; port 0: without an address. */
static void put(struct p2_program *component, uint32_t i, const char *text, uint16_t port)
{
	uint8_t record[RECORD] = {0};
	uint32_t data = DATA + i * 64, size = poke_text(component->program, data, text);
	memcpy(record, &data, 4);
	memcpy(record + 4, &size, 4);
	record[8] = port != 0;
	memcpy(record + 16, &port, 2);
	memcpy(record + 18, "\x7f\0\0\1", 4);
	poke(component->program, LIST + i * RECORD, record, sizeof record);
}

static void sends(struct p2_program *component, uint32_t out, uint32_t count, enum hf_p2_net code, uint64_t sent)
{
	NET_IS(8, hf_p2_udp_check_send(component->b, out, P2_OUT), NET_OK);
	CHECK(peek_u64(component->program, P2_OUT + 8) >= count);
	NET_IS(8, hf_p2_udp_send(component->b, out, LIST, count, P2_OUT), code);
	if (code == NET_OK)
		CHECK_EQ(peek_u64(component->program, P2_OUT + 8), sent);
}

static uint32_t receives(struct p2_program *component, uint32_t in, uint64_t most)
{
	component->next = P2_HEAP;
	NET_IS(4, hf_p2_udp_receive(component->b, in, most, P2_OUT), NET_OK);
	return peek_u32(component->program, P2_OUT + 8);
}

/* Checks the i-th datagram that was received. */
static void is(struct p2_program *component, uint32_t i, const char *text, uint16_t port)
{
	uint32_t at = peek_u32(component->program, P2_OUT + 4) + i * 40;
	CHECK_EQ(peek_u32(component->program, at + 4), strlen(text));
	CHECK_BYTES(component->program->guest->memory + peek_u32(component->program, at), text, strlen(text));
	CHECK_EQ(peek_u8(component->program, at + 8), IPV4);
	CHECK_EQ((uint16_t)peek_u32(component->program, at + 12), port);
	CHECK_BYTES(component->program->guest->memory + at + 14, "\x7f\0\0\1", 4);
}

static void between_two(struct p2_program *component)
{
	struct streams one = open_streams(component, bound(component, 1000), 0);
	struct streams two = open_streams(component, bound(component, 2000), 0);
	uint32_t readable = hf_p2_udp_incoming_subscribe(component->b, two.in);
	CHECK_EQ(receives(component, two.in, 10), 0);
	CHECK_EQ(hf_p2_pollable_ready(component->b, readable), 0);
	put(component, 0, "first", 2000);
	put(component, 1, "", 2000);
	put(component, 2, "third", 2000);
	sends(component, one.out, 3, NET_OK, 3);
	CHECK_EQ(hf_p2_pollable_ready(component->b, readable), 1);
	CHECK_EQ(receives(component, two.in, 0), 0);
	CHECK_EQ(receives(component, two.in, 2), 2);
	is(component, 0, "first", 1000);
	is(component, 1, "", 1000);
	CHECK_EQ(receives(component, two.in, UINT64_MAX), 1);
	is(component, 0, "third", 1000);
	/* To itself. */
	put(component, 0, "me", 1000);
	sends(component, one.out, 1, NET_OK, 1);
	CHECK_EQ(receives(component, one.in, 1), 1);
	is(component, 0, "me", 1000);
	/* A stream connection to the same port is something else. */
	(void)net_listener(component, 1000);
	/* A port without a socket; more datagrams than a queue holds. */
	put(component, 0, "lost", 3000);
	sends(component, one.out, 1, NET_OK, 1);
	for (uint32_t i = 0; i < 16; i++)
		put(component, i, "flood", 2000);
	sends(component, one.out, 16, NET_OK, 16);
	sends(component, one.out, 16, NET_OK, 16);
	CHECK_EQ(receives(component, two.in, 100), 16);
	CHECK_EQ(receives(component, two.in, 100), 0);
}

static void connected(struct p2_program *component)
{
	struct streams one = open_streams(component, bound(component, 1001), 2001);
	struct streams two = open_streams(component, bound(component, 2001), 0);
	struct streams other = open_streams(component, bound(component, 3001), 0);
	NET_IS(4, hf_p2_udp_remote_address(component->b, one.socket, P2_OUT), NET_OK);
	CHECK_EQ(net_port(component), 2001);
	put(component, 0, "without an address", 0);
	put(component, 1, "with its own", 2001);
	put(component, 2, "with another", 3001);
	sends(component, one.out, 3, NET_OK, 2);
	CHECK_EQ(receives(component, two.in, 10), 2);
	put(component, 0, "with another", 3001);
	sends(component, one.out, 1, NET_INVALID_ARGUMENT, 0);
	put(component, 0, "without an address", 0);
	sends(component, two.out, 1, NET_INVALID_ARGUMENT, 0);
	/* Only the peer is heard. */
	put(component, 0, "from another", 1001);
	sends(component, other.out, 1, NET_OK, 1);
	put(component, 0, "from the peer", 1001);
	sends(component, two.out, 1, NET_OK, 1);
	CHECK_EQ(receives(component, one.in, 10), 1);
	is(component, 0, "from the peer", 2001);
	/* The earlier streams can no longer be used. */
	struct streams again = open_streams(component, one.socket, 0);
	NET_IS(4, hf_p2_udp_receive(component->b, one.in, 1, P2_OUT), NET_INVALID_STATE);
	NET_IS(8, hf_p2_udp_check_send(component->b, one.out, P2_OUT), NET_INVALID_STATE);
	NET_IS(4, hf_p2_udp_remote_address(component->b, one.socket, P2_OUT), NET_INVALID_STATE);
	CHECK_EQ(receives(component, again.in, 1), 0);
}

static hf_word flooding; /* 1: until it is 0; then 2 */

/* Datagrams from a port that the socket does not listen to. */
static void flood(void *context)
{
	struct hf_socket *socket;
	(void)context;
	while (atomic_load(&flooding) == 1) {
		if (hf_socket_connect_from(9, HF_PORT_DATAGRAMS | 1004, &socket, NULL) == 0)
			hf_socket_close(socket);
	}
	atomic_store(&flooding, 2);
	hf_plat_wake(&flooding, 1);
}

static void a_flood_does_not_hold_the_receiver(struct p2_program *component)
{
	struct streams one = open_streams(component, bound(component, 1004), 2004);
	atomic_store(&flooding, 1);
	in_background(flood, NULL);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(receives(component, one.in, 1), 0);
	atomic_store(&flooding, 0);
	while (atomic_load(&flooding) != 2)
		(void)hf_plat_wait(&flooding, 0, HF_FOREVER);
}

static void largest(struct p2_program *component)
{
	struct streams one = open_streams(component, bound(component, 1002), 0);
	uint32_t record[2] = {0, 65507};
	put(component, 0, "", 1002);
	poke(component->program, LIST, record, sizeof record);
	sends(component, one.out, 1, NET_OK, 1);
	component->next = GUEST_SIZE - 65520 - 40;
	NET_IS(4, hf_p2_udp_receive(component->b, one.in, 1, P2_OUT), NET_OK);
	CHECK_EQ(peek_u32(component->program, peek_u32(component->program, P2_OUT + 4) + 4), 65507);
	put(component, 0, "", 1002);
	record[1]++;
	poke(component->program, LIST, record, sizeof record);
	sends(component, one.out, 1, NET_DATAGRAM_TOO_LARGE, 0);
}

static void states(struct p2_program *component)
{
	uint32_t socket = udp(component), other = udp(component);
	hf_b b = component->b;
	CHECK_EQ(hf_p2_udp_address_family(b, socket), IPV4);
	CHECK_EQ(hf_p2_pollable_ready(b, hf_p2_udp_subscribe(b, socket)), 1);
	NET_IS(4, hf_p2_udp_local_address(b, socket, P2_OUT), NET_INVALID_STATE);
	NET_IS(4, hf_p2_udp_stream(b, socket, 0, LOCAL(0), P2_OUT), NET_INVALID_STATE);
	NET_STATUS(hf_p2_udp_finish_bind(b, socket, P2_OUT), NET_NOT_IN_PROGRESS);
	NET_STATUS(hf_p2_udp_start_bind(b, socket, network, V4(10, 0, 0, 1, 5), P2_OUT), NET_ADDRESS_NOT_BINDABLE);
	NET_STATUS(hf_p2_udp_start_bind(b, socket, network, V6(0, 0, 1, 5), P2_OUT), NET_INVALID_ARGUMENT);
	NET_STATUS(hf_p2_udp_start_bind(b, socket, network, LOCAL(0), P2_OUT), NET_OK);
	NET_STATUS(hf_p2_udp_start_bind(b, socket, network, LOCAL(0), P2_OUT), NET_CONCURRENCY_CONFLICT);
	NET_STATUS(hf_p2_udp_finish_bind(b, socket, P2_OUT), NET_OK);
	NET_STATUS(hf_p2_udp_start_bind(b, socket, network, LOCAL(0), P2_OUT), NET_INVALID_STATE);
	NET_IS(4, hf_p2_udp_local_address(b, socket, P2_OUT), NET_OK);
	uint16_t port = net_port(component);
	CHECK(port >= 49152);
	NET_STATUS(hf_p2_udp_start_bind(b, other, network, LOCAL(port), P2_OUT), NET_ADDRESS_IN_USE);
	NET_IS(4, hf_p2_udp_stream(b, socket, 1, LOCAL(0), P2_OUT), NET_INVALID_ARGUMENT);
	NET_IS(4, hf_p2_udp_stream(b, socket, 1, V4(0, 0, 0, 0, 5), P2_OUT), NET_INVALID_ARGUMENT);
	NET_IS(4, hf_p2_udp_stream(b, socket, 1, V4(10, 0, 0, 1, 5), P2_OUT), NET_REMOTE_UNREACHABLE);
	NET_STATUS(hf_p2_udp_set_unicast_hop_limit(b, socket, 0, P2_OUT), NET_INVALID_ARGUMENT);
	NET_STATUS(hf_p2_udp_set_unicast_hop_limit(b, socket, 5, P2_OUT), NET_OK);
	NET_STATUS(hf_p2_udp_unicast_hop_limit(b, socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), 5);
	NET_STATUS(hf_p2_udp_set_receive_buffer_size(b, socket, 0, P2_OUT), NET_INVALID_ARGUMENT);
	NET_STATUS(hf_p2_udp_set_send_buffer_size(b, socket, 9, P2_OUT), NET_OK);
	NET_IS(8, hf_p2_udp_send_buffer_size(b, socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 8), 9);
}

static void guest(struct p2_program *component)
{
	network = net_network(component);
	between_two(component);
	connected(component);
	a_flood_does_not_hold_the_receiver(component);
	largest(component);
	states(component);
}

static void more_than_permitted(struct p2_program *component)
{
	network = net_network(component);
	struct streams one = open_streams(component, bound(component, 1000), 0);
	hf_p2_udp_send(component->b, one.out, LIST, 1, P2_OUT);
}

static void list_of_4_gib(struct p2_program *component)
{
	network = net_network(component);
	struct streams one = open_streams(component, bound(component, 1000), 0);
	hf_p2_udp_send(component->b, one.out, LIST, UINT32_MAX, P2_OUT);
}

static void data_of_4_gib(struct p2_program *component)
{
	network = net_network(component);
	struct streams one = open_streams(component, bound(component, 1000), 0);
	uint32_t record[2] = {8, UINT32_MAX};
	put(component, 0, "", 1000);
	poke(component->program, LIST, record, sizeof record);
	sends(component, one.out, 1, NET_OK, 1);
}

#define STREAM "wasi:sockets/udp [method]outgoing-datagram-stream."

int main(void)
{
	p2_runs(guest);
	p2_traps(more_than_permitted, STREAM "send: more is sent than the 0 datagrams that check-send permits");
	p2_traps(list_of_4_gib, STREAM "send: the pointer 8192 is outside the component's memory");
	p2_traps(data_of_4_gib, STREAM "send: the pointer 8 is outside the component's memory");
	return done();
}
