/* A TCP connection of a component with itself: bytes in both directions, addresses, the end of each direction, and readiness. */
#include "kernel/socket.h"
#include "support/p2_net.h"

static void write_text(struct p2_program *component, uint32_t output, const char *text)
{
	uint32_t size = poke_text(component->program, 4096, text);
	hf_p2_output_stream_blocking_write_and_flush(component->b, output, 4096, size, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
}

static void reads(struct p2_program *component, uint32_t input, const char *text)
{
	component->next = P2_HEAP;
	hf_p2_input_stream_read(component->b, input, 100, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 8), strlen(text));
	CHECK_BYTES(component->program->guest->memory + peek_u32(component->program, P2_OUT + 4), text, strlen(text));
}

static void is_over(struct p2_program *component, uint32_t input)
{
	hf_p2_input_stream_read(component->b, input, 100, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), 1); /* closed */
}

static void addresses(struct p2_program *component, uint32_t listener, const struct net_connection *client,
                      const struct net_connection *server)
{
	hf_b b = component->b;
	NET_IS(4, hf_p2_tcp_local_address(b, client->socket, P2_OUT), NET_OK);
	uint16_t port = net_port(component);
	CHECK(port >= HF_PORT_FIRST_FREE);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), IPV4);
	CHECK_BYTES(component->program->guest->memory + P2_OUT + 10, "\x7f\0\0\1", 4);
	NET_IS(4, hf_p2_tcp_remote_address(b, server->socket, P2_OUT), NET_OK);
	CHECK_EQ(net_port(component), port);
	NET_IS(4, hf_p2_tcp_remote_address(b, client->socket, P2_OUT), NET_OK);
	CHECK_EQ(net_port(component), 8080);
	NET_IS(4, hf_p2_tcp_local_address(b, server->socket, P2_OUT), NET_OK);
	CHECK_EQ(net_port(component), 8080);
	NET_IS(4, hf_p2_tcp_local_address(b, listener, P2_OUT), NET_OK);
	CHECK_EQ(net_port(component), 8080);
	NET_IS(4, hf_p2_tcp_remote_address(b, listener, P2_OUT), NET_INVALID_STATE);
}

static void guest(struct p2_program *component)
{
	hf_b b = component->b;
	uint32_t listener = net_listener(component, 8080), acceptable = hf_p2_tcp_subscribe(b, listener);
	CHECK_EQ(hf_p2_tcp_is_listening(b, listener), 1);
	CHECK_EQ(hf_p2_pollable_ready(b, acceptable), 0);
	NET_IS(4, hf_p2_tcp_accept(b, listener, P2_OUT), NET_WOULD_BLOCK);
	struct net_connection client = net_connect(component, 8080);
	CHECK_EQ(hf_p2_pollable_ready(b, acceptable), 1);
	struct net_connection server = net_accept(component, listener);
	CHECK_EQ(hf_p2_pollable_ready(b, acceptable), 0);
	addresses(component, listener, &client, &server);

	uint32_t readable = hf_p2_input_stream_subscribe(b, server.input);
	CHECK_EQ(hf_p2_pollable_ready(b, readable), 0);
	write_text(component, client.output, "to the server");
	CHECK_EQ(hf_p2_pollable_ready(b, readable), 1);
	reads(component, server.input, "to the server");
	write_text(component, server.output, "and back");
	reads(component, client.input, "and back");

	/* One direction ends, and the other still works. */
	NET_STATUS(hf_p2_tcp_shutdown(b, client.socket, 1, P2_OUT), NET_OK);
	CHECK_EQ(hf_p2_pollable_ready(b, readable), 1);
	is_over(component, server.input);
	write_text(component, server.output, "more");
	reads(component, client.input, "more");
	hf_p2_drop(b, HF_P2_POLLABLE, readable);
	net_close(component, &server);
	is_over(component, client.input);
	net_close(component, &client);
	CHECK_EQ(hf_socket_count(), 0);
	hf_p2_drop(b, HF_P2_POLLABLE, acceptable);
	net_drop_tcp(component, listener);
	CHECK_EQ(hf_listener_count(), 0);
	CHECK_EQ(component->p2->handles, 0);
	/* These are left open. */
	listener = net_listener(component, 8080);
	client = net_connect(component, 8080);
}

int main(void)
{
	p2_runs(guest);
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	return done();
}
