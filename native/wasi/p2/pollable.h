/* pollable.h - wasi:io/poll: events that a component waits for. */
#ifndef HF_WASI_P2_POLLABLE_H
#define HF_WASI_P2_POLLABLE_H

#include "kernel/poll.h"
#include "wasi/p2/object.h"

enum hf_p2_event {
	HF_P2_EVENT_NOW,      /* always ready */
	HF_P2_EVENT_TIME,     /* the deadline has passed */
	HF_P2_EVENT_FD,       /* the descriptor is ready for one of the events */
	HF_P2_EVENT_STREAM,   /* the parent, a stream, is ready or closed (stream.h) */
	HF_P2_EVENT_SOCKET,   /* the parent, a socket, is waiting for nothing (net.h) */
	HF_P2_EVENT_RESPONSE, /* the parent, a future-incoming-response, has its response (http.h) */
};

/* A kind of event is a value of enum hf_p2_event, and a case in poll.c's want. */
struct hf_p2_pollable {
	struct hf_p2_object base;
	enum hf_p2_event event;
	uint64_t deadline; /* of TIME, on the process's monotonic clock */
	uint32_t fd;       /* of FD */
	unsigned events;   /* of FD: enum hf_ready */
};

/* NULL: no memory. */
struct hf_p2_pollable *hf__p2_pollable(struct hf_p2 *p2, enum hf_p2_event event, struct hf_p2_object *parent);
struct hf_p2_pollable *hf__p2_pollable_fd(struct hf_p2 *p2, uint32_t fd, unsigned events, struct hf_p2_object *parent);

/* What a thread must wait for until a pollable is ready: a description, a time, or nothing. */
struct hf_p2_wanted {
	bool now;
	uint64_t deadline;      /* HF_FOREVER: none */
	struct hf_fd_view view; /* file NULL: none */
	unsigned events;
};

/* Waits for a descriptor to be ready for one of the events; a descriptor that is not open is ready. Blocks until the deadline. 1: ready; 0: the
 * deadline has passed; -HF_EINTR. */
HF_MUST_CHECK int hf__p2_wait_fd(struct hf_p2 *p2, uint32_t fd, unsigned events, uint64_t deadline);

#endif
