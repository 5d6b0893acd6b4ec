/* socket.h - stream sockets within the runtime (POSIX sockets, as Linux has AF_UNIX): ports with listeners, and
 * connections to them. Guests and the page are at either end; nothing leaves the runtime.
 *
 * A connection is two pipes, one for each direction; each end holds the reading end of one and the writing end of the other. So a connection has the
 * pipes' bounds, waiting and back-pressure, and each direction can end separately. When an end is closed, its peer reads the end of file after the
 * last byte, and its writes return EPIPE. If bytes were lost (sent to the closed end, but not read), one of the peer's reads returns ECONNRESET
 * first, as in Linux's unix_release_sock and RFC 2525, 2.17.
 *
 * One lock guards the ports, all backlogs and the threads that wait for them, because connecting is rare compared with sending. It is never held
 * together with a pipe's lock. */
#ifndef HF_KERNEL_SOCKET_H
#define HF_KERNEL_SOCKET_H

#include "kernel/file.h"

/* The most connections that a listener has not accepted yet; further ones wait. */
#define HF_BACKLOG 128
/* The most connections in the whole runtime. */
#define HF_CONNECTIONS_MAX 1024
/* The range for ports that the caller did not choose (RFC 6335, 6). */
#define HF_PORT_FIRST_FREE 49152

/* Added to the number of a port for datagrams: these are a separate space of ports. A datagram is a connection on which one end is written once and closed, and the
 * other read to its end: so a port's queue of datagrams is its backlog, with the same bounds (wasi/p2/udp.c). */
#define HF_PORT_DATAGRAMS 0x10000
/* Likewise HF_PORT_HTTP (layouts.def): ports on which the page answers components' HTTP (wasi/p2/http.h). */

/* The directions of an end to shut down: __wasi_sdflags_t. */
enum hf_shutdown { HF_SHUT_RD = 1, HF_SHUT_WR = 2 };

/* One end of a connection. The pipes are immutable until it is closed, so any thread may use them until then. */
struct hf_socket {
	struct hf_pipe *in;     /* the receiving pipe: one hold as a reader; NULL once taken */
	struct hf_pipe *out;    /* the sending pipe: one hold as a writer; NULL once taken */
	struct hf_link pending; /* protected by the ports' lock: its place in a backlog */
	/* Immutable once the other end can be accepted: this end's port and the other's. The one that connects has the port that
	 * it asked for, or the next one from HF_PORT_FIRST_FREE on; a listener may have the same. */
	uint16_t port, peer_port;
};

struct hf_listener {
	/* Protected by the ports' lock. */
	struct hf_link link;    /* on the list of all */
	struct hf_link backlog; /* ends not accepted yet */
	uint32_t backlog_size;
	uint32_t most; /* the most ends in the backlog; 0: it does not listen yet, and connections are refused */
	struct hf_waitq acceptable;  /* waits for a connection */
	struct hf_waitq connectable; /* threads that wait for room in the backlog, or for the end */
	/* Immutable. */
	uint64_t ino;
	uint32_t port; /* with HF_PORT_DATAGRAMS or HF_PORT_HTTP, if it is one of those */
};

/* ---- any thread; none of these blocks ---- */

/* Listens on the port, or on any free one if it is 0. The caller owns the listener until hf_listener_close. 0, -HF_EADDRINUSE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_listener_open_for(uint32_t port, uint32_t most, struct hf_listener **out);
static inline int hf_listener_open(uint32_t port, struct hf_listener **out)
{
	return hf_listener_open_for(port, HF_BACKLOG, out);
}
/* Sets how many connections the backlog holds (at most HF_BACKLOG; 0: it does not listen). What it holds already stays. */
void hf_listener_limit(struct hf_listener *listener, uint32_t most);
/* Stops listening: resets connections that were not accepted, and wakes the waiters. */
void hf_listener_close(struct hf_listener *listener);
/* Accepts the oldest connection in the backlog. -HF_EAGAIN when there is none (then the waiter, if not NULL, is linked). */
HF_MUST_CHECK int hf_listener_try_accept(struct hf_listener *listener, struct hf_socket **out,
                                         struct hf_waiter *waiter);
/* Returns the number of connections in the backlog; if there is none and `waiter` is not NULL, the waiter is linked. */
uint32_t hf_listener_poll(struct hf_listener *listener, struct hf_waiter *waiter);
/* Connects to the port, from the port `from` (0: any), and returns the caller's end, which can be used before the other end is accepted. -HF_ECONNREFUSED: the port has no listener.
 * -HF_EAGAIN: the backlog is full, and the waiter, if not NULL, is linked. -HF_ENOBUFS: the limit of connections is reached. -HF_ENOMEM. */
HF_MUST_CHECK int hf_socket_connect_from(uint16_t from, uint32_t port, struct hf_socket **out,
                                         struct hf_waiter *waiter);
static inline int hf_socket_connect(uint16_t port, struct hf_socket **out, struct hf_waiter *waiter)
{
	return hf_socket_connect_from(0, port, out, waiter);
}
/* Unlinks a waiter that one of the functions above has linked, if it is still linked. */
void hf_socket_unpoll(struct hf_waiter *waiter);
/* Shuts down one direction, or both (`how`: enum hf_shutdown). Received bytes can still be read. */
void hf_socket_shutdown(struct hf_socket *socket, unsigned how);
/* Closes an end. */
void hf_socket_close(struct hf_socket *socket);
/* Return the numbers of open ends of connections, and of listeners. */
uint32_t hf_socket_count(void);
uint32_t hf_listener_count(void);

/* ---- guests' threads; block ---- */

/* Like try_accept, but waits for a connection unless `nonblock`. -HF_EINTR. */
HF_MUST_CHECK int hf_listener_accept(struct hf_listener *listener, struct hf_thread *thread, bool nonblock,
                                     struct hf_socket **out);

/* ---- socket_file.c: descriptions over them ---- */

/* Creates a description over an end or a listener, which it takes over, also on failure. NULL: for an end that will be accepted later, and that the
 * caller passes to hf_file_set_socket before another thread sees the description. 0, -HF_ENOMEM. */
HF_MUST_CHECK int hf_file_open_socket(struct hf_socket *socket, struct hf_file **out);
HF_MUST_CHECK int hf_file_open_listener(struct hf_listener *listener, struct hf_file **out);
void hf_file_set_socket(struct hf_file *file, struct hf_socket *socket);
/* The socket (listener) that the description is over; NULL if there is none. */
struct hf_socket *hf_file_socket(const struct hf_file *file);
struct hf_listener *hf_file_listener(const struct hf_file *file);

#endif
