/* net.h - wasi:sockets: addresses, errors, and what the kinds of sockets share.
 *
 * The network is the runtime's loopback (kernel/socket.h): 127.0.0.0/8 and ::1 are the same host, with one space of ports, in which programs of the
 * page listen, and which the page can connect to. Every other address is unreachable. Nothing takes time, so a start-… function does the work, and
 * finish-… reports the result. */
#ifndef HF_WASI_P2_NET_H
#define HF_WASI_P2_NET_H

#include "wasi/p2/door.h"

/* enum error-code, in order, with "ok" before it. */
enum hf_p2_net {
	NET_OK,
	NET_UNKNOWN,
	NET_ACCESS_DENIED,
	NET_NOT_SUPPORTED,
	NET_INVALID_ARGUMENT,
	NET_OUT_OF_MEMORY,
	NET_TIMEOUT,
	NET_CONCURRENCY_CONFLICT,
	NET_NOT_IN_PROGRESS,
	NET_WOULD_BLOCK,
	NET_INVALID_STATE,
	NET_NEW_SOCKET_LIMIT,
	NET_ADDRESS_NOT_BINDABLE,
	NET_ADDRESS_IN_USE,
	NET_REMOTE_UNREACHABLE,
	NET_CONNECTION_REFUSED,
	NET_CONNECTION_RESET,
	NET_CONNECTION_ABORTED,
	NET_DATAGRAM_TOO_LARGE,
	NET_NAME_UNRESOLVABLE,
	NET_TEMPORARY_RESOLVER_FAILURE,
	NET_PERMANENT_RESOLVER_FAILURE,
};

/* The code of a negated HF_E*; NET_UNKNOWN if it has none. NET_OK for a result that is not an error. */
enum hf_p2_net hf__p2_net_code(int result);

/* enum ip-address-family */
enum hf_p2_family { IPV4, IPV6, FAMILIES };

/* An IP address; that of IPv4 has four bytes, IPv6's eight numbers. */
struct hf_p2_ip {
	enum hf_p2_family family;
	union {
		uint8_t v4[4];
		uint16_t v6[8];
	};
};

struct hf_p2_address {
	struct hf_p2_ip ip;
	uint16_t port;
	uint32_t flow, scope; /* of IPv6 */
};

/* An ip-socket-address as it is passed flat: 12 numbers. */
#define HF_P2_FLAT_ADDRESS                                                                                  \
	uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t a4, uint32_t a5, uint32_t a6, uint32_t a7, \
		uint32_t a8, uint32_t a9, uint32_t a10, uint32_t a11
#define HF_P2_FLAT_ARGUMENTS a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11
/* Reads it. -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_get_address(hf_b b, struct hf_p2_address *out, HF_P2_FLAT_ADDRESS);

/* ip-socket-address in the component's memory, inside a result. */
struct hf_p2_address_result {
	uint8_t failed;
	struct {
		uint8_t family;
		union {
			struct {
				uint16_t port;
				uint8_t ip[4];
			} v4;
			struct {
				uint16_t port;
				uint32_t flow;
				uint16_t ip[8];
				uint32_t scope;
			} v6;
		};
	} address;
};
_Static_assert(sizeof(struct hf_p2_address_result) == 36, "result<ip-socket-address, error-code>");
void hf__p2_put_address(struct hf_p2_address_result *out, const struct hf_p2_address *address);

/* The loopback address or, for a port on all addresses, the unspecified one. */
bool hf__p2_is_loopback(const struct hf_p2_ip *ip);
bool hf__p2_is_unspecified(const struct hf_p2_ip *ip);
/* Whether a socket of this family can have the address: NET_OK, or NET_INVALID_ARGUMENT for another family, for multicast and broadcast, and for IPv4
 * addresses in IPv6. */
enum hf_p2_net hf__p2_check_address(enum hf_p2_family family, const struct hf_p2_ip *ip);

/* Stores result<T, error-code>: `ok` begins with the byte 0; after an error only the byte 1 and the error code, at T's offset, are stored. */
void hf__p2_put_net(hf_b b, uint32_t out, enum hf_p2_net code, void *ok, uint32_t size, uint32_t payload);
/* The same for result<_, error-code>. */
void hf__p2_put_net_status(hf_b b, uint32_t out, enum hf_p2_net code);

/* Closes the descriptor in *fd. 0 means none, because standard input is not a socket. */
void hf__p2_close_socket(struct hf_p2 *p2, uint32_t *fd);

/* The beginning of the struct of each kind of socket: what a pollable of the socket checks (pollable.h). */
struct hf_p2_socket {
	struct hf_p2_object base;
	uint32_t fd; /* 0: none */
	bool waits; /* whether an operation waits for the descriptor to be readable; otherwise the socket is always ready */
	uint8_t family; /* enum hf_p2_family */
};

#endif
