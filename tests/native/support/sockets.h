/* sockets.h - reads and writes connections with kernel buffers. Each function returns the number of bytes moved, or a negated error number. */
#ifndef HF_TEST_SOCKETS_H
#define HF_TEST_SOCKETS_H

#include "kernel/socket.h"
#include "support/pipes.h"

struct hf_listener *listen_on(uint16_t port);
/* Connects to the port; this must succeed. */
struct hf_socket *connect_to(uint16_t port);
/* Accepts a connection, which must be in the backlog. */
struct hf_socket *accept_from(struct hf_listener *listener);
/* Without blocking. */
int s_read(struct hf_socket *socket, void *buffer, uint32_t size);
int s_write(struct hf_socket *socket, const void *bytes, uint32_t size);

#endif
