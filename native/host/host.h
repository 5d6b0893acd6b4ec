/* host.h - WASI programs in a native program: processes of the kernel whose guests were translated to C
 * (holdfast/guest_module.h) and run on OS threads. One host an OS process.
 *
 * A thread of the host's own is the coordinator: it runs the kernel's work queue. Streams are OS descriptors, pumped by
 * threads into kernel pipes, so a guest blocks, polls, and sees ends of files as it does in the browser. Errors are
 * negated HF_E*. Any thread may call these; each call says whether it blocks. */
#ifndef HF_HOST_HOST_H
#define HF_HOST_HOST_H

#include <holdfast/guest_module.h>

#include "kernel/process.h"

/* ---- the host ---- */

/* What the kernel may have when nobody says more: a guest must not be able to take all that the machine has. */
#define HF_HOST_MEMORY (UINT64_C(1) << 30)

/* Starts the coordinator, over an empty file system with /dev and /tmp of which the kernel may have `memory` bytes (three
 * quarters of them for files, as in the browser; 0: HF_HOST_MEMORY). -HF_ENOMEM,
 * -HF_EAGAIN (no thread). Once, until hf_host_stop. */
HF_MUST_CHECK int hf_host_start(uint64_t memory);
/* Every guest must have been freed. Blocks until the coordinator is gone. */
void hf_host_stop(void);
/* The root of the file system; borrowed. */
struct hf_vnode *hf_host_root(void);

/* Copies a directory of the OS (files, directories, symbolic and hard links, times) to a path of the host's file system, making the
 * directories on the way. -HF_ENOENT and so on; errno's text is on stderr. Blocks on the disk. */
HF_MUST_CHECK int hf_host_copy_in(const char *directory, const char *path);
/* Copies a directory of the host's file system to one of the OS, which is made and must not be there yet (-HF_EEXIST). */
HF_MUST_CHECK int hf_host_copy_out(const char *path, const char *directory);

/* ---- guests ---- */

/* Loads a translated guest (a shared object); it stays loaded. -HF_ENOENT, -HF_EINVAL (no guest, or of another ABI), with the
 * reason on stderr. */
HF_MUST_CHECK int hf_guest_load(const char *file, const struct hf_guest_module **out);

struct hf_guest_preopen {
	const char *path; /* a directory of the host's file system */
	const char *name; /* what the guest calls it */
	bool read_only;
};

struct hf_guest_socket {
	bool listens;  /* or else is connected */
	uint16_t port; /* of the kernel's; to listen on 0 is to listen on any that is free */
	bool nonblocking;
	int tcp; /* for one that listens: an OS socket that listens and does not block, whose clients become this one's. -1: none. It
	          * stays the caller's, and open until the guest has been joined */
};

struct hf_guest_options {
	const struct hf_guest_module *module;
	const char *const *args; /* argv[0] included; ends with NULL */
	const char *const *env;  /* NAME=VALUE; ends with NULL */
	const struct hf_guest_preopen *preopens;
	size_t preopen_count;
	const struct hf_guest_socket *sockets; /* descriptors 3 and up, before the preopens */
	size_t socket_count;
	int streams[3];                 /* OS descriptors for 0, 1 and 2, which stay the caller's; -1: /dev/null */
	const struct hf_limits *limits; /* NULL: hf_default_limits */
};

struct hf_guest;

/* Starts a guest; the options are copied, but for the module and the descriptors. -HF_ENOMEM, -HF_EAGAIN (no thread), and what
 * a preopen's path says (-HF_ENOENT, -HF_ENOTDIR) or a socket's port (-HF_EADDRINUSE, -HF_ECONNREFUSED). Does not block. */
HF_MUST_CHECK int hf_guest_spawn(const struct hf_guest_options *options, struct hf_guest **out);
/* Ends it, wherever it is: the first reason counts. Does not block. */
void hf_guest_end(struct hf_guest *guest, enum hf_exit_reason reason, uint32_t code, const char *message);
/* Blocks until the process is gone with all its threads and its output has been written (to TCP clients, as far as they take it
 * within five seconds), or until the deadline (on the monotonic clock; HF_FOREVER). False: it still runs, or its output is still being
 * written. Several threads may wait for one guest. */
HF_MUST_CHECK bool hf_guest_join(struct hf_guest *guest, uint64_t deadline);
/* Gives up what nobody has taken of its output, so that hf_guest_join no longer waits for a reader (but for one of a terminal that was
 * stopped, or of a pipe that another program fills at the same time: there a write may block). If it still runs, it gets EPIPE from now on. Does not block. */
void hf_guest_drop_output(struct hf_guest *guest);

struct hf_guest_exit {
	enum hf_exit_reason reason;
	uint32_t code;
	char message[HF_EXIT_MESSAGE_MAX + 1];
};
/* How it ended; after hf_guest_join. Lives as long as the guest. */
const struct hf_guest_exit *hf_guest_exit(const struct hf_guest *guest);
/* After hf_guest_join, and nobody may be in it. */
void hf_guest_free(struct hf_guest *guest);

#endif
