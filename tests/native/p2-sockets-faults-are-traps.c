/* What the canonical ABI calls a trap ends the component: unknown cases, pointers out of memory, names of 4 GiB, handles of other types, a socket that is
 * dropped before its streams. */
#include "support/p2_net.h"

static void unknown_family(struct p2_program *component)
{
	hf_p2_create_tcp_socket(component->b, 2, P2_OUT);
}

static void unknown_address(struct p2_program *component)
{
	uint32_t socket = net_tcp(component, IPV4);
	hf_p2_tcp_start_bind(component->b, socket, net_network(component), 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, P2_OUT);
}

static void unknown_shutdown(struct p2_program *component)
{
	hf_p2_tcp_shutdown(component->b, net_tcp(component, IPV4), 3, P2_OUT);
}

static void name_of_4_gib(struct p2_program *component)
{
	hf_p2_resolve_addresses(component->b, net_network(component), 8, UINT32_MAX, P2_OUT);
}

static void name_that_is_no_text(struct p2_program *component)
{
	hf_p2_resolve_addresses(component->b, net_network(component), 1024, poke_text(component->program, 1024, "\xff"),
	                        P2_OUT);
}

static void network_of_another_type(struct p2_program *component)
{
	uint32_t socket = net_tcp(component, IPV4);
	hf_p2_tcp_start_connect(component->b, socket, socket, LOCAL(80), P2_OUT);
}

static void result_beyond_the_end(struct p2_program *component)
{
	hf_p2_tcp_local_address(component->b, net_tcp(component, IPV4), GUEST_SIZE - 32);
}

static void socket_dropped_before_its_streams(struct p2_program *component)
{
	(void)net_listener(component, 80);
	struct net_connection client = net_connect(component, 80);
	net_drop_tcp(component, client.socket);
}

int main(void)
{
	p2_traps(unknown_family, "wasi:sockets/tcp-create-socket create-tcp-socket: an ip-address-family has no case 2");
	p2_traps(unknown_address, "wasi:sockets/tcp [method]tcp-socket.start-bind: an ip-socket-address has no case 2");
	p2_traps(unknown_shutdown, "wasi:sockets/tcp [method]tcp-socket.shutdown: a shutdown-type has no case 3");
	p2_traps(name_of_4_gib,
	         "wasi:sockets/ip-name-lookup resolve-addresses: the pointer 8 is outside the component's memory");
	p2_traps(name_that_is_no_text, "wasi:sockets/ip-name-lookup resolve-addresses: a string is not UTF-8");
	p2_traps(network_of_another_type,
	         "wasi:sockets/tcp [method]tcp-socket.start-connect: handle 1 is of another resource type");
	p2_traps(result_beyond_the_end,
	         "wasi:sockets/tcp [method]tcp-socket.local-address: the pointer 131040 is outside the component's memory");
	p2_traps(socket_dropped_before_its_streams,
	         "resource.drop: the resource of handle 2 still has children: drop them first");
	return done();
}
