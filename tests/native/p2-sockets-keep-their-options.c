/* The options of a TCP socket can be set to any value but 0, and an accepted socket inherits its listener's. */
#include "support/p2_net.h"

#define OPTION(name, size, value)                                                                        \
	do {                                                                                                 \
		NET_STATUS(hf_p2_tcp_set_##name(component->b, socket, 0, P2_OUT), NET_INVALID_ARGUMENT);         \
		NET_STATUS(hf_p2_tcp_set_##name(component->b, socket, value, P2_OUT), NET_OK);                   \
		NET_IS(size, hf_p2_tcp_##name(component->b, socket, P2_OUT), NET_OK);                            \
		CHECK(memcmp(component->program->guest->memory + P2_OUT + size, &(uint64_t){value}, size) == 0); \
	} while (0)

static void keep_alive(struct p2_program *component, uint32_t socket, uint32_t value, uint8_t then)
{
	NET_STATUS(hf_p2_tcp_set_keep_alive_enabled(component->b, socket, value, P2_OUT), NET_OK);
	NET_STATUS(hf_p2_tcp_keep_alive_enabled(component->b, socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), then);
}

static void guest(struct p2_program *component)
{
	uint32_t socket = net_listener(component, 80);
	NET_STATUS(hf_p2_tcp_keep_alive_enabled(component->b, socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), 0);
	NET_STATUS(hf_p2_tcp_hop_limit(component->b, socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), 64);
	keep_alive(component, socket, 1, 1);
	keep_alive(component, socket, 0, 0);
	keep_alive(component, socket, 7, 1);
	OPTION(keep_alive_idle_time, 8, UINT64_MAX);
	OPTION(keep_alive_interval, 8, 5);
	OPTION(keep_alive_count, 4, UINT32_MAX);
	OPTION(hop_limit, 1, 255);
	OPTION(receive_buffer_size, 8, 1);
	OPTION(send_buffer_size, 8, UINT64_MAX);
	struct net_connection client = net_connect(component, 80), server = net_accept(component, socket);
	NET_STATUS(hf_p2_tcp_hop_limit(component->b, server.socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), 255);
	NET_STATUS(hf_p2_tcp_hop_limit(component->b, client.socket, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), 64);
}

int main(void)
{
	p2_runs(guest);
	return done();
}
