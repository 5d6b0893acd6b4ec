/* wasi:sockets: a listener, a client that connects to it, bytes in both directions, and the end of a stream.
 *
 * guest:
 *   expect-stdout: "sockets are fine\n"
 */
#include "wasi2.h"

static tcp_error_code_t error;
static network_borrow_network_t network;

static void wait_for(tcp_borrow_tcp_socket_t socket)
{
	poll_own_pollable_t pollable = tcp_method_tcp_socket_subscribe(socket);
	poll_method_pollable_block(poll_borrow_pollable(pollable));
	poll_pollable_drop_own(pollable);
}

/* Repeats the call that finishes an operation until it no longer fails with would-block. */
#define FINISH(socket, call)                             \
	while (!(call)) {                                    \
		CHECK_EQ(error, NETWORK_ERROR_CODE_WOULD_BLOCK); \
		wait_for(socket);                                \
	}

static tcp_ip_socket_address_t loopback(uint16_t port)
{
	tcp_ip_socket_address_t address = {.tag = NETWORK_IP_SOCKET_ADDRESS_IPV4};
	address.val.ipv4 = (network_ipv4_socket_address_t){.port = port, .address = {127, 0, 0, 1}};
	return address;
}

static tcp_own_tcp_socket_t new_socket(void)
{
	tcp_own_tcp_socket_t socket;
	CHECK(tcp_create_socket_create_tcp_socket(NETWORK_IP_ADDRESS_FAMILY_IPV4, &socket, &error));
	return socket;
}

static void expect(streams_borrow_input_stream_t in, const char *words)
{
	size_t size = strlen(words), got = 0;
	while (got < size) {
		wasip2_list_u8_t list;
		streams_stream_error_t closed;
		CHECK(streams_method_input_stream_blocking_read(in, size - got, &list, &closed));
		CHECK(memcmp(list.ptr, words + got, list.len) == 0);
		got += list.len;
		wasip2_list_u8_free(&list);
	}
}

static void expect_end(streams_borrow_input_stream_t in)
{
	wasip2_list_u8_t list;
	streams_stream_error_t closed;
	while (streams_method_input_stream_blocking_read(in, 1, &list, &closed)) {
		CHECK_EQ(list.len, 0);
		wasip2_list_u8_free(&list);
	}
	CHECK_EQ(closed.tag, STREAMS_STREAM_ERROR_CLOSED);
}

int main(void)
{
	instance_network_own_network_t own_network = instance_network_instance_network();
	network = network_borrow_network(own_network);
	tcp_own_tcp_socket_t own_listener = new_socket();
	tcp_borrow_tcp_socket_t listener = tcp_borrow_tcp_socket(own_listener);
	tcp_ip_socket_address_t address = loopback(0);
	CHECK(!tcp_method_tcp_socket_is_listening(listener));
	CHECK(tcp_method_tcp_socket_start_bind(listener, network, &address, &error));
	FINISH(listener, tcp_method_tcp_socket_finish_bind(listener, &error));
	CHECK(tcp_method_tcp_socket_local_address(listener, &address, &error));
	CHECK_EQ(address.tag, NETWORK_IP_SOCKET_ADDRESS_IPV4);
	CHECK(address.val.ipv4.port != 0);
	CHECK(tcp_method_tcp_socket_start_listen(listener, &error));
	FINISH(listener, tcp_method_tcp_socket_finish_listen(listener, &error));
	CHECK(tcp_method_tcp_socket_is_listening(listener));

	tcp_own_tcp_socket_t own_client = new_socket(), own_server;
	tcp_borrow_tcp_socket_t client = tcp_borrow_tcp_socket(own_client);
	CHECK(tcp_method_tcp_socket_start_connect(client, network, &address, &error));
	tcp_tuple2_own_input_stream_own_output_stream_t at_client;
	FINISH(client, tcp_method_tcp_socket_finish_connect(client, &at_client, &error));
	tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t accepted;
	FINISH(listener, tcp_method_tcp_socket_accept(listener, &accepted, &error));
	own_server = accepted.f0;

	tcp_ip_socket_address_t local, remote;
	CHECK(tcp_method_tcp_socket_local_address(client, &local, &error));
	CHECK(tcp_method_tcp_socket_remote_address(tcp_borrow_tcp_socket(own_server), &remote, &error));
	CHECK_EQ(local.val.ipv4.port, remote.val.ipv4.port);

	put(streams_borrow_output_stream(at_client.f1), "hello, server");
	expect(streams_borrow_input_stream(accepted.f1), "hello, server");
	put(streams_borrow_output_stream(accepted.f2), "hello, client");
	expect(streams_borrow_input_stream(at_client.f0), "hello, client");
	CHECK(tcp_method_tcp_socket_shutdown(client, TCP_SHUTDOWN_TYPE_SEND, &error));
	expect_end(streams_borrow_input_stream(accepted.f1));

	streams_input_stream_drop_own(at_client.f0);
	streams_output_stream_drop_own(at_client.f1);
	streams_input_stream_drop_own(accepted.f1);
	streams_output_stream_drop_own(accepted.f2);
	tcp_tcp_socket_drop_own(own_server);
	tcp_tcp_socket_drop_own(own_client);
	tcp_tcp_socket_drop_own(own_listener);
	network_network_drop_own(own_network);
	puts("sockets are fine");
	return 0;
}
