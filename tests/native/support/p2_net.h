/* p2_net.h - wasi:sockets, as a component calls it: results are put at P2_OUT. */
#ifndef HF_TEST_P2_NET_H
#define HF_TEST_P2_NET_H

#include <string.h>

#include "support/p2.h"
#include "wasi/p2/net.h"

uint32_t hf_p2_instance_network(hf_b b);
void hf_p2_network_error_code(hf_b b, uint32_t error, uint32_t out);
void hf_p2_resolve_addresses(hf_b b, uint32_t network, uint32_t name, uint32_t size, uint32_t out);
void hf_p2_resolve_next_address(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_resolve_subscribe(hf_b b, uint32_t self);
void hf_p2_create_tcp_socket(hf_b b, uint32_t family, uint32_t out);
void hf_p2_tcp_start_bind(hf_b b, uint32_t self, uint32_t network, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3,
                          uint32_t a4, uint32_t a5, uint32_t a6, uint32_t a7, uint32_t a8, uint32_t a9, uint32_t a10,
                          uint32_t a11, uint32_t out);
void hf_p2_tcp_finish_bind(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_start_connect(hf_b b, uint32_t self, uint32_t network, uint32_t a0, uint32_t a1, uint32_t a2,
                             uint32_t a3, uint32_t a4, uint32_t a5, uint32_t a6, uint32_t a7, uint32_t a8, uint32_t a9,
                             uint32_t a10, uint32_t a11, uint32_t out);
void hf_p2_tcp_finish_connect(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_start_listen(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_finish_listen(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_accept(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_local_address(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_remote_address(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_tcp_is_listening(hf_b b, uint32_t self);
uint32_t hf_p2_tcp_address_family(hf_b b, uint32_t self);
uint32_t hf_p2_tcp_subscribe(hf_b b, uint32_t self);
void hf_p2_tcp_shutdown(hf_b b, uint32_t self, uint32_t how, uint32_t out);
void hf_p2_tcp_set_listen_backlog_size(hf_b b, uint32_t self, uint64_t value, uint32_t out);
void hf_p2_tcp_keep_alive_enabled(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_keep_alive_enabled(hf_b b, uint32_t self, uint32_t value, uint32_t out);
void hf_p2_tcp_keep_alive_idle_time(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_keep_alive_idle_time(hf_b b, uint32_t self, uint64_t value, uint32_t out);
void hf_p2_tcp_keep_alive_interval(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_keep_alive_interval(hf_b b, uint32_t self, uint64_t value, uint32_t out);
void hf_p2_tcp_keep_alive_count(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_keep_alive_count(hf_b b, uint32_t self, uint32_t value, uint32_t out);
void hf_p2_tcp_hop_limit(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_hop_limit(hf_b b, uint32_t self, uint32_t value, uint32_t out);
void hf_p2_tcp_receive_buffer_size(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_receive_buffer_size(hf_b b, uint32_t self, uint64_t value, uint32_t out);
void hf_p2_tcp_send_buffer_size(hf_b b, uint32_t self, uint32_t out);
void hf_p2_tcp_set_send_buffer_size(hf_b b, uint32_t self, uint64_t value, uint32_t out);

void hf_p2_create_udp_socket(hf_b b, uint32_t family, uint32_t out);
void hf_p2_udp_start_bind(hf_b b, uint32_t self, uint32_t network, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3,
                          uint32_t a4, uint32_t a5, uint32_t a6, uint32_t a7, uint32_t a8, uint32_t a9, uint32_t a10,
                          uint32_t a11, uint32_t out);
void hf_p2_udp_finish_bind(hf_b b, uint32_t self, uint32_t out);
void hf_p2_udp_stream(hf_b b, uint32_t self, uint32_t some, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3,
                      uint32_t a4, uint32_t a5, uint32_t a6, uint32_t a7, uint32_t a8, uint32_t a9, uint32_t a10,
                      uint32_t a11, uint32_t out);
void hf_p2_udp_local_address(hf_b b, uint32_t self, uint32_t out);
void hf_p2_udp_remote_address(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_udp_address_family(hf_b b, uint32_t self);
void hf_p2_udp_unicast_hop_limit(hf_b b, uint32_t self, uint32_t out);
void hf_p2_udp_set_unicast_hop_limit(hf_b b, uint32_t self, uint32_t value, uint32_t out);
void hf_p2_udp_receive_buffer_size(hf_b b, uint32_t self, uint32_t out);
void hf_p2_udp_set_receive_buffer_size(hf_b b, uint32_t self, uint64_t value, uint32_t out);
void hf_p2_udp_send_buffer_size(hf_b b, uint32_t self, uint32_t out);
void hf_p2_udp_set_send_buffer_size(hf_b b, uint32_t self, uint64_t value, uint32_t out);
uint32_t hf_p2_udp_subscribe(hf_b b, uint32_t self);
void hf_p2_udp_receive(hf_b b, uint32_t self, uint64_t most, uint32_t out);
uint32_t hf_p2_udp_incoming_subscribe(hf_b b, uint32_t self);
void hf_p2_udp_check_send(hf_b b, uint32_t self, uint32_t out);
void hf_p2_udp_send(hf_b b, uint32_t self, uint32_t list, uint32_t count, uint32_t out);
uint32_t hf_p2_udp_outgoing_subscribe(hf_b b, uint32_t self);

/* The 12 numbers of an ip-socket-address. */
#define V4(a, b, c, d, port) IPV4, (port), (a), (b), (c), (d), 0, 0, 0, 0, 0, 0
#define V6(a, g, h, port) IPV6, (port), 0, (a), 0, 0, 0, 0, 0, (g), (h), 0
#define LOCAL(port) V4(127, 0, 0, 1, port)

/* What the result at P2_OUT is; `payload`: where its value is. */
enum hf_p2_net net_result(struct p2_program *component, uint32_t payload);
/* Makes the call, which must have this result. */
#define NET_IS(payload, call, code) ((call), CHECK_EQ(net_result(component, payload), code))
#define NET_STATUS(call, code) NET_IS(1, call, code)

uint32_t net_network(struct p2_program *component);
/* A new TCP socket. */
uint32_t net_tcp(struct p2_program *component, uint32_t family);
/* A listening TCP socket on 127.0.0.1. */
uint32_t net_listener(struct p2_program *component, uint16_t port);
/* The port in the ip-socket-address at P2_OUT. */
uint16_t net_port(struct p2_program *component);

struct net_connection {
	uint32_t socket, input, output;
};
/* A connection to 127.0.0.1; and one that the listener has accepted. */
struct net_connection net_connect(struct p2_program *component, uint16_t port);
struct net_connection net_accept(struct p2_program *component, uint32_t listener);
void net_close(struct p2_program *component, struct net_connection *connection);
void net_drop_tcp(struct p2_program *component, uint32_t socket);

#endif
