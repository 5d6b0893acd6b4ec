/* net.c - wasi:sockets/network and instance-network; addresses and errors. */
#include "wasi/p2/net.h"

#include <string.h>

#include "wasi/p2/error.h"

/* ---- errors ---- */

static const uint8_t codes[] = {
	[HF_EACCES] = NET_ACCESS_DENIED,           [HF_EPERM] = NET_ACCESS_DENIED,
	[HF_ENOTCAPABLE] = NET_ACCESS_DENIED,      [HF_ENOTSUP] = NET_NOT_SUPPORTED,
	[HF_EINVAL] = NET_INVALID_ARGUMENT,        [HF_ENOMEM] = NET_OUT_OF_MEMORY,
	[HF_ENOBUFS] = NET_OUT_OF_MEMORY,          [HF_ETIMEDOUT] = NET_TIMEOUT,
	[HF_EALREADY] = NET_CONCURRENCY_CONFLICT,  [HF_EAGAIN] = NET_WOULD_BLOCK,
	[HF_ENOTCONN] = NET_INVALID_STATE,         [HF_EISCONN] = NET_INVALID_STATE,
	[HF_EMFILE] = NET_NEW_SOCKET_LIMIT,        [HF_EADDRNOTAVAIL] = NET_ADDRESS_NOT_BINDABLE,
	[HF_EADDRINUSE] = NET_ADDRESS_IN_USE,      [HF_EHOSTUNREACH] = NET_REMOTE_UNREACHABLE,
	[HF_ENETUNREACH] = NET_REMOTE_UNREACHABLE, [HF_ECONNREFUSED] = NET_CONNECTION_REFUSED,
	[HF_ECONNRESET] = NET_CONNECTION_RESET,    [HF_ECONNABORTED] = NET_CONNECTION_ABORTED,
	[HF_EPIPE] = NET_CONNECTION_ABORTED,       [HF_EMSGSIZE] = NET_DATAGRAM_TOO_LARGE,
};

enum hf_p2_net hf__p2_net_code(int result)
{
	uint32_t number = (uint32_t)-result;
	if (result >= 0)
		return NET_OK;
	return number < sizeof codes && codes[number] ? (enum hf_p2_net)codes[number] : NET_UNKNOWN;
}

void hf__p2_put_net(hf_b b, uint32_t out, enum hf_p2_net code, void *ok, uint32_t size, uint32_t payload)
{
	const uint8_t failed = 1, value = (uint8_t)(code - NET_UNKNOWN);
	if (code == NET_OK) {
		hf__p2_store(b, out, ok, size);
		return;
	}
	hf__p2_store(b, out, &failed, 1);
	hf__p2_store(b, out + payload, &value, 1);
}

void hf__p2_put_net_status(hf_b b, uint32_t out, enum hf_p2_net code)
{
	uint8_t ok = 0;
	hf__p2_put_net(b, out, code, &ok, 1, 1);
}

static void sys_network_error_code(hf_b b, uint32_t error, uint32_t out)
{
	const struct hf_p2_error *of = hf__p2_borrow(b, HF_P2_ERROR, error);
	if (!of || hf__p2_check(b, out, 2, 1) < 0)
		return;
	enum hf_p2_net code = hf__p2_net_code(-of->code);
	const uint8_t option[2] = {code != NET_UNKNOWN, (uint8_t)(code - NET_UNKNOWN)};
	hf__p2_store(b, out, option, option[0] ? 2 : 1);
}

P2_VOID_DOOR(network_error_code, (uint32_t error, uint32_t out), error, out)

static uint32_t sys_instance_network(hf_b b)
{
	return hf__p2_give(b, hf__p2_object(b->p2, sizeof(struct hf_p2_object), HF_P2_NETWORK, NULL));
}

P2_PLAIN_DOOR(uint32_t, instance_network)

/* ---- addresses ---- */

int hf__p2_get_address(hf_b b, struct hf_p2_address *out, HF_P2_FLAT_ADDRESS)
{
	if (a0 >= FAMILIES)
		return hf__p2_trap_at(b->p2, "an ip-socket-address has no case #", a0);
	if (a0 == IPV4) {
		*out = (struct hf_p2_address){
			.ip = {.family = IPV4, .v4 = {(uint8_t)a2, (uint8_t)a3, (uint8_t)a4, (uint8_t)a5}},
			.port = (uint16_t)a1,
		};
		return 0;
	}
	*out = (struct hf_p2_address){
		.ip = {.family = IPV6,
	           .v6 = {(uint16_t)a3, (uint16_t)a4, (uint16_t)a5, (uint16_t)a6, (uint16_t)a7, (uint16_t)a8, (uint16_t)a9,
	                  (uint16_t)a10}},
		.port = (uint16_t)a1,
		.flow = a2,
		.scope = a11,
	};
	return 0;
}

void hf__p2_put_address(struct hf_p2_address_result *out, const struct hf_p2_address *address)
{
	memset(out, 0, sizeof *out);
	out->address.family = (uint8_t)address->ip.family;
	if (address->ip.family == IPV4) {
		out->address.v4.port = address->port;
		memcpy(out->address.v4.ip, address->ip.v4, sizeof address->ip.v4);
	} else {
		out->address.v6.port = address->port;
		out->address.v6.flow = address->flow;
		out->address.v6.scope = address->scope;
		memcpy(out->address.v6.ip, address->ip.v6, sizeof address->ip.v6);
	}
}

/* Whether the first seven numbers of an IPv6 address are 0. */
static bool begins_with_zeros(const struct hf_p2_ip *ip)
{
	uint16_t any = 0;
	for (int i = 0; i < 7; i++)
		any |= ip->v6[i];
	return !any;
}

bool hf__p2_is_loopback(const struct hf_p2_ip *ip)
{
	return ip->family == IPV4 ? ip->v4[0] == 127 : begins_with_zeros(ip) && ip->v6[7] == 1;
}

bool hf__p2_is_unspecified(const struct hf_p2_ip *ip)
{
	static const uint8_t none[4];
	return ip->family == IPV4 ? memcmp(ip->v4, none, 4) == 0 : begins_with_zeros(ip) && ip->v6[7] == 0;
}

static bool is_unicast(const struct hf_p2_ip *ip)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};
	if (ip->family == IPV6)
		return ip->v6[0] >> 8 != 0xff;
	return ip->v4[0] >> 4 != 0xe && memcmp(ip->v4, broadcast, 4) != 0;
}

static bool is_ipv4_mapped(const struct hf_p2_ip *ip)
{
	uint16_t any = 0;
	for (int i = 0; i < 5; i++)
		any |= ip->v6[i];
	return ip->family == IPV6 && !any && ip->v6[5] == 0xffff;
}

enum hf_p2_net hf__p2_check_address(enum hf_p2_family family, const struct hf_p2_ip *ip)
{
	return ip->family == family && is_unicast(ip) && !is_ipv4_mapped(ip) ? NET_OK : NET_INVALID_ARGUMENT;
}

void hf__p2_close_socket(struct hf_p2 *p2, uint32_t *fd)
{
	if (*fd)
		(void)hf_fd_close(&p2->thread->process->fds, *fd);
	*fd = 0;
}
