/* Blocks in the call of WASI 0.2 that its argument names, until it is killed; for tests/node/component-kills.test.mjs. Without an argument it makes
 * and drops a million handles, which must not pile up.
 *
 * guest:
 *   expect-stdout: "no handle is left\n"
 */
#include "wasi2.h"

static const uint64_t HOUR = 3600 * 1000 * MILLISECOND;

static streams_borrow_input_stream_t input(void)
{
	return streams_borrow_input_stream(stdin_get_stdin());
}

static poll_own_pollable_t an_hour(void)
{
	return monotonic_clock_subscribe_duration(HOUR);
}

static void block_on(poll_own_pollable_t pollable)
{
	poll_method_pollable_block(poll_borrow_pollable(pollable));
}

static void blocking_read(void)
{
	wasip2_list_u8_t list;
	streams_stream_error_t error;
	streams_method_input_stream_blocking_read(input(), 1, &list, &error);
}

static void blocking_skip(void)
{
	uint64_t skipped;
	streams_stream_error_t error;
	streams_method_input_stream_blocking_skip(input(), 1, &skipped, &error);
}

static void blocking_splice(void)
{
	streams_own_output_stream_t out = stderr_get_stderr();
	uint64_t moved;
	streams_stream_error_t error;
	streams_method_output_stream_blocking_splice(streams_borrow_output_stream(out), input(), 1, &moved, &error);
}

static void blocking_write(void)
{
	static uint8_t zeroes[4096];
	streams_borrow_output_stream_t out = streams_borrow_output_stream(stderr_get_stderr());
	wasip2_list_u8_t list = {.ptr = zeroes, .len = sizeof zeroes};
	streams_stream_error_t error;
	while (streams_method_output_stream_blocking_write_and_flush(out, &list, &error))
		;
}

static void blocking_write_zeroes(void)
{
	streams_borrow_output_stream_t out = streams_borrow_output_stream(stderr_get_stderr());
	streams_stream_error_t error;
	while (streams_method_output_stream_blocking_write_zeroes_and_flush(out, 4096, &error))
		;
}

static void pollable_block(void)
{
	block_on(an_hour());
}

static void poll_input(void)
{
	poll_borrow_pollable_t list[] = {
		poll_borrow_pollable(an_hour()),
		poll_borrow_pollable(streams_method_input_stream_subscribe(input())),
	};
	wasip2_list_u32_t ready;
	poll_poll(&(poll_list_borrow_pollable_t){.ptr = list, .len = 2}, &ready);
}

static void accept_connection(void)
{
	network_own_network_t network = instance_network_instance_network();
	network_error_code_t error;
	tcp_own_tcp_socket_t socket;
	CHECK(tcp_create_socket_create_tcp_socket(NETWORK_IP_ADDRESS_FAMILY_IPV4, &socket, &error));
	tcp_borrow_tcp_socket_t listener = tcp_borrow_tcp_socket(socket);
	tcp_ip_socket_address_t address = {.tag = NETWORK_IP_SOCKET_ADDRESS_IPV4};
	address.val.ipv4.address = (network_ipv4_address_t){127, 0, 0, 1};
	CHECK(tcp_method_tcp_socket_start_bind(listener, network_borrow_network(network), &address, &error));
	CHECK(tcp_method_tcp_socket_finish_bind(listener, &error));
	CHECK(tcp_method_tcp_socket_start_listen(listener, &error));
	CHECK(tcp_method_tcp_socket_finish_listen(listener, &error));
	block_on(tcp_method_tcp_socket_subscribe(listener));
}

static void receive_datagram(void)
{
	network_own_network_t network = instance_network_instance_network();
	network_error_code_t error;
	udp_own_udp_socket_t socket;
	CHECK(udp_create_socket_create_udp_socket(NETWORK_IP_ADDRESS_FAMILY_IPV4, &socket, &error));
	udp_borrow_udp_socket_t receiver = udp_borrow_udp_socket(socket);
	udp_ip_socket_address_t address = {.tag = NETWORK_IP_SOCKET_ADDRESS_IPV4};
	address.val.ipv4.address = (network_ipv4_address_t){127, 0, 0, 1};
	CHECK(udp_method_udp_socket_start_bind(receiver, network_borrow_network(network), &address, &error));
	CHECK(udp_method_udp_socket_finish_bind(receiver, &error));
	udp_tuple2_own_incoming_datagram_stream_own_outgoing_datagram_stream_t streams;
	CHECK(udp_method_udp_socket_stream(receiver, NULL, &streams, &error));
	block_on(udp_method_incoming_datagram_stream_subscribe(udp_borrow_incoming_datagram_stream(streams.f0)));
}

static const struct {
	const char *name;
	void (*run)(void);
} calls[] = {
	{"read", blocking_read},
	{"skip", blocking_skip},
	{"splice", blocking_splice},
	{"write", blocking_write},
	{"write-zeroes", blocking_write_zeroes},
	{"block", pollable_block},
	{"poll", poll_input},
	{"accept", accept_connection},
	{"receive", receive_datagram},
};

static void make_handles(void)
{
	int32_t first = 0;
	for (int i = 0; i < 1000000; i++) {
		poll_own_pollable_t pollable = an_hour();
		if (i == 0)
			first = pollable.__handle;
		CHECK_EQ(pollable.__handle, first);
		poll_pollable_drop_own(pollable);
	}
	puts("no handle is left");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		make_handles();
		return 0;
	}
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (strcmp(argv[1], calls[i].name) == 0)
			calls[i].run();
	}
	fprintf(stderr, "%s did not block\n", argv[1]);
	return 1;
}
