/* The states of a TCP socket: which methods each permits, and the error of those that it does not; and which addresses are refused. */
#include "support/p2_net.h"

static uint32_t network;

#define BIND(socket, address, code) \
	NET_STATUS(hf_p2_tcp_start_bind(component->b, socket, network, address, P2_OUT), code)
#define CONNECT(socket, address, code) \
	NET_STATUS(hf_p2_tcp_start_connect(component->b, socket, network, address, P2_OUT), code)
#define FINISH_BIND(socket, code) NET_STATUS(hf_p2_tcp_finish_bind(component->b, socket, P2_OUT), code)
#define FINISH_CONNECT(socket, code) NET_IS(4, hf_p2_tcp_finish_connect(component->b, socket, P2_OUT), code)
#define LISTEN(socket, code) NET_STATUS(hf_p2_tcp_start_listen(component->b, socket, P2_OUT), code)
#define FINISH_LISTEN(socket, code) NET_STATUS(hf_p2_tcp_finish_listen(component->b, socket, P2_OUT), code)
#define LOCAL_ADDRESS(socket, code) NET_IS(4, hf_p2_tcp_local_address(component->b, socket, P2_OUT), code)
#define REMOTE_ADDRESS(socket, code) NET_IS(4, hf_p2_tcp_remote_address(component->b, socket, P2_OUT), code)
#define ACCEPT(socket, code) NET_IS(4, hf_p2_tcp_accept(component->b, socket, P2_OUT), code)
#define SHUTDOWN(socket, code) NET_STATUS(hf_p2_tcp_shutdown(component->b, socket, 2, P2_OUT), code)
#define BACKLOG(socket, size, code) \
	NET_STATUS(hf_p2_tcp_set_listen_backlog_size(component->b, socket, size, P2_OUT), code)

static void unbound(struct p2_program *component)
{
	uint32_t socket = net_tcp(component, IPV6);
	CHECK_EQ(hf_p2_tcp_address_family(component->b, socket), IPV6);
	CHECK_EQ(hf_p2_tcp_is_listening(component->b, socket), 0);
	CHECK_EQ(hf_p2_pollable_ready(component->b, hf_p2_tcp_subscribe(component->b, socket)), 1);
	LOCAL_ADDRESS(socket, NET_INVALID_STATE);
	REMOTE_ADDRESS(socket, NET_INVALID_STATE);
	FINISH_BIND(socket, NET_NOT_IN_PROGRESS);
	FINISH_CONNECT(socket, NET_NOT_IN_PROGRESS);
	FINISH_LISTEN(socket, NET_NOT_IN_PROGRESS);
	LISTEN(socket, NET_INVALID_STATE);
	ACCEPT(socket, NET_INVALID_STATE);
	SHUTDOWN(socket, NET_INVALID_STATE);
	BACKLOG(socket, 0, NET_INVALID_ARGUMENT);
	BACKLOG(socket, UINT64_MAX, NET_OK);
}

static void binding(struct p2_program *component)
{
	uint32_t socket = net_tcp(component, IPV4), other = net_tcp(component, IPV4), six = net_tcp(component, IPV6);
	BIND(socket, V6(0, 0, 1, 80), NET_INVALID_ARGUMENT);
	BIND(socket, V4(224, 0, 0, 1, 80), NET_INVALID_ARGUMENT);
	BIND(socket, V4(255, 255, 255, 255, 80), NET_INVALID_ARGUMENT);
	BIND(socket, V4(192, 0, 2, 1, 80), NET_ADDRESS_NOT_BINDABLE);
	BIND(six, V6(0xff02, 0, 1, 80), NET_INVALID_ARGUMENT);
	BIND(six, V6(0x2001, 0, 1, 80), NET_ADDRESS_NOT_BINDABLE);
	NET_STATUS(
		hf_p2_tcp_start_bind(component->b, six, network, IPV6, 80, 0, 0, 0, 0, 0, 0, 0xffff, 0x7f00, 1, 0, P2_OUT),
		NET_INVALID_ARGUMENT);
	BIND(socket, LOCAL(80), NET_OK);
	BIND(socket, LOCAL(80), NET_CONCURRENCY_CONFLICT);
	LISTEN(socket, NET_CONCURRENCY_CONFLICT);
	CONNECT(socket, LOCAL(80), NET_CONCURRENCY_CONFLICT);
	LOCAL_ADDRESS(socket, NET_INVALID_STATE);
	FINISH_BIND(socket, NET_OK);
	FINISH_BIND(socket, NET_NOT_IN_PROGRESS);
	BIND(socket, LOCAL(80), NET_INVALID_STATE);
	LOCAL_ADDRESS(socket, NET_OK);
	CHECK_EQ(net_port(component), 80);
	/* The port is taken, but nothing listens there yet. A bind that failed can be tried again. */
	BIND(other, LOCAL(80), NET_ADDRESS_IN_USE);
	BIND(other, LOCAL(0), NET_OK);
	FINISH_BIND(other, NET_OK);
	LOCAL_ADDRESS(other, NET_OK);
	CHECK(net_port(component) >= 49152);
	CONNECT(other, LOCAL(80), NET_OK);
	FINISH_CONNECT(other, NET_CONNECTION_REFUSED);
	net_drop_tcp(component, socket);
	net_drop_tcp(component, other);
	BIND(six, V6(0, 0, 0, 80), NET_OK);
	net_drop_tcp(component, six);
}

static void listening(struct p2_program *component)
{
	uint32_t socket = net_listener(component, 80);
	BIND(socket, LOCAL(80), NET_INVALID_STATE);
	CONNECT(socket, LOCAL(80), NET_INVALID_STATE);
	LISTEN(socket, NET_INVALID_STATE);
	FINISH_LISTEN(socket, NET_NOT_IN_PROGRESS);
	SHUTDOWN(socket, NET_INVALID_STATE);
	REMOTE_ADDRESS(socket, NET_INVALID_STATE);
	/* A backlog of one holds one connection. */
	BACKLOG(socket, 1, NET_OK);
	struct net_connection first = net_connect(component, 80);
	uint32_t second = net_tcp(component, IPV4);
	CONNECT(second, LOCAL(80), NET_OK);
	FINISH_CONNECT(second, NET_CONNECTION_REFUSED);
	net_drop_tcp(component, second);
	/* A connection that was ended before it was accepted is accepted, and has ended. */
	net_close(component, &first);
	struct net_connection accepted = net_accept(component, socket);
	net_close(component, &accepted);
	net_drop_tcp(component, socket);
}

static void connecting(struct p2_program *component)
{
	uint32_t socket = net_tcp(component, IPV4), six = net_tcp(component, IPV6);
	CONNECT(socket, LOCAL(0), NET_INVALID_ARGUMENT);
	CONNECT(socket, V4(0, 0, 0, 0, 80), NET_INVALID_ARGUMENT);
	CONNECT(socket, V6(0, 0, 1, 80), NET_INVALID_ARGUMENT);
	CONNECT(socket, V4(239, 1, 1, 1, 80), NET_INVALID_ARGUMENT);
	CONNECT(six, V6(0, 0, 0, 80), NET_INVALID_ARGUMENT);
	/* No address but the loopback's can be reached. */
	CONNECT(socket, V4(192, 0, 2, 1, 80), NET_OK);
	CONNECT(socket, LOCAL(80), NET_CONCURRENCY_CONFLICT);
	BACKLOG(socket, 1, NET_INVALID_STATE);
	CHECK_EQ(hf_p2_pollable_ready(component->b, hf_p2_tcp_subscribe(component->b, socket)), 1);
	FINISH_CONNECT(socket, NET_REMOTE_UNREACHABLE);
	/* A socket that failed to connect is closed for good. */
	FINISH_CONNECT(socket, NET_NOT_IN_PROGRESS);
	CONNECT(socket, LOCAL(80), NET_INVALID_STATE);
	BIND(socket, LOCAL(80), NET_INVALID_STATE);
	LISTEN(socket, NET_INVALID_STATE);
	LOCAL_ADDRESS(socket, NET_INVALID_STATE);
	CONNECT(six, V6(0, 0, 1, 81), NET_OK);
	FINISH_CONNECT(six, NET_CONNECTION_REFUSED);
}

static void connected(struct p2_program *component)
{
	uint32_t listener = net_listener(component, 80), bound = net_tcp(component, IPV4);
	BIND(bound, V4(0, 0, 0, 0, 4000), NET_OK);
	FINISH_BIND(bound, NET_OK);
	CONNECT(bound, LOCAL(80), NET_OK);
	FINISH_CONNECT(bound, NET_OK);
	uint32_t input = peek_u32(component->program, P2_OUT + 4), output = peek_u32(component->program, P2_OUT + 8);
	LOCAL_ADDRESS(bound, NET_OK);
	CHECK_EQ(net_port(component), 4000);
	CHECK_BYTES(component->program->guest->memory + P2_OUT + 10, "\x7f\0\0\1", 4);
	struct net_connection accepted = net_accept(component, listener);
	REMOTE_ADDRESS(accepted.socket, NET_OK);
	CHECK_EQ(net_port(component), 4000);
	/* It keeps its port. */
	uint32_t other = net_tcp(component, IPV4);
	BIND(other, LOCAL(4000), NET_ADDRESS_IN_USE);
	CONNECT(bound, LOCAL(80), NET_INVALID_STATE);
	BIND(bound, LOCAL(81), NET_INVALID_STATE);
	LISTEN(bound, NET_INVALID_STATE);
	ACCEPT(bound, NET_INVALID_STATE);
	BACKLOG(bound, 1, NET_INVALID_STATE);
	hf_p2_drop(component->b, HF_P2_INPUT_STREAM, input);
	hf_p2_drop(component->b, HF_P2_OUTPUT_STREAM, output);
	net_drop_tcp(component, bound);
	BIND(other, LOCAL(4000), NET_OK);
}

static void guest(struct p2_program *component)
{
	network = net_network(component);
	unbound(component);
	binding(component);
	listening(component);
	connecting(component);
	connected(component);
}

int main(void)
{
	p2_runs(guest);
	return done();
}
