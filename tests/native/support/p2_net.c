#include "support/p2_net.h"

enum hf_p2_net net_result(struct p2_program *component, uint32_t payload)
{
	uint8_t failed = peek_u8(component->program, P2_OUT);
	CHECK(failed <= 1);
	return failed ? (enum hf_p2_net)(NET_UNKNOWN + peek_u8(component->program, P2_OUT + payload)) : NET_OK;
}

uint32_t net_network(struct p2_program *component)
{
	return hf_p2_instance_network(component->b);
}

uint32_t net_tcp(struct p2_program *component, uint32_t family)
{
	NET_IS(4, hf_p2_create_tcp_socket(component->b, family, P2_OUT), NET_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

uint32_t net_listener(struct p2_program *component, uint16_t port)
{
	uint32_t socket = net_tcp(component, IPV4), network = net_network(component);
	NET_STATUS(hf_p2_tcp_start_bind(component->b, socket, network, LOCAL(port), P2_OUT), NET_OK);
	NET_STATUS(hf_p2_tcp_finish_bind(component->b, socket, P2_OUT), NET_OK);
	NET_STATUS(hf_p2_tcp_start_listen(component->b, socket, P2_OUT), NET_OK);
	NET_STATUS(hf_p2_tcp_finish_listen(component->b, socket, P2_OUT), NET_OK);
	hf_p2_drop(component->b, HF_P2_NETWORK, network);
	return socket;
}

uint16_t net_port(struct p2_program *component)
{
	uint32_t port = peek_u32(component->program, P2_OUT + 8);
	return (uint16_t)port;
}

struct net_connection net_connect(struct p2_program *component, uint16_t port)
{
	struct net_connection connection = {.socket = net_tcp(component, IPV4)};
	uint32_t network = net_network(component);
	NET_STATUS(hf_p2_tcp_start_connect(component->b, connection.socket, network, LOCAL(port), P2_OUT), NET_OK);
	NET_IS(4, hf_p2_tcp_finish_connect(component->b, connection.socket, P2_OUT), NET_OK);
	connection.input = peek_u32(component->program, P2_OUT + 4);
	connection.output = peek_u32(component->program, P2_OUT + 8);
	hf_p2_drop(component->b, HF_P2_NETWORK, network);
	return connection;
}

struct net_connection net_accept(struct p2_program *component, uint32_t listener)
{
	NET_IS(4, hf_p2_tcp_accept(component->b, listener, P2_OUT), NET_OK);
	return (struct net_connection){peek_u32(component->program, P2_OUT + 4), peek_u32(component->program, P2_OUT + 8),
	                               peek_u32(component->program, P2_OUT + 12)};
}

void net_close(struct p2_program *component, struct net_connection *connection)
{
	hf_p2_drop(component->b, HF_P2_INPUT_STREAM, connection->input);
	hf_p2_drop(component->b, HF_P2_OUTPUT_STREAM, connection->output);
	net_drop_tcp(component, connection->socket);
}

void net_drop_tcp(struct p2_program *component, uint32_t socket)
{
	hf_p2_drop(component->b, HF_P2_TCP_SOCKET, socket);
}
