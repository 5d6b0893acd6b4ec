/* host.h - WASI programs in a native program: processes of the kernel whose guests were translated to C (guest_module.h; `node native/host/wasm2c.mjs
 * GUEST.wasm GUEST.so` makes one) and run on OS threads. One host per OS process.
 *
 * One thread of the host is the coordinator: it runs the kernel's work queue. Streams are OS descriptors, which threads connect to kernel pipes, so a
 * guest blocks, polls, and sees the end of file as it does in the browser.
 *
 * Unless a comment says otherwise, any thread that does not run a guest may call any function here; each comment says whether the function blocks.
 * Results are 0 or more, or a negated HF_E* (errno.h). Unless a comment says otherwise, the caller keeps its arguments, which are copied if they must
 * outlive the call.
 *
 * Linking: a translated guest imports symbols of the program that loads it. So link the libraries holdfast_host and holdfast_kernel as a whole
 * (--whole-archive), and export their symbols (-rdynamic), as CMakeLists.txt does for holdfast-guest. The host uses SIGRTMIN + 2. Ignore SIGPIPE;
 * otherwise a reader that closes a guest's output ends the program. */
#ifndef HOLDFAST_HOST_H
#define HOLDFAST_HOST_H

#include <holdfast/errno.h>
#include <holdfast/guest_module.h>
#include <stdbool.h>

#ifndef HF_MUST_CHECK
#define HF_MUST_CHECK __attribute__((warn_unused_result))
#endif

/* ---- the host ---- */

/* The default limit on the kernel's memory: a guest must not be able to use up the machine's. */
#define HF_HOST_MEMORY (UINT64_C(1) << 30)

/* Starts the coordinator, with an empty file system that has /dev and /tmp. `memory` is the kernel's limit in bytes (three quarters of it for files,
 * as in the browser; 0: HF_HOST_MEMORY). Call it before any other function here, and not again before hf_host_stop. After -HF_ENOMEM or -HF_EAGAIN
 * (no thread) nothing has started. Does not block. */
HF_MUST_CHECK int hf_host_start(uint64_t memory);
/* Stops the coordinator and frees the file system. Every guest must have been freed, and no other function here may be called meanwhile. Blocks until
 * the coordinator has ended. */
void hf_host_stop(void);

/* Copies a directory of the OS (files, directories, symbolic and hard links, times) to a path in the host's file system, and creates missing parent
 * directories. No link below it is followed; pipes, sockets and devices are left out, with a message on stderr. Files that this user may not write
 * are read-only to guests (EACCES). Returns errno as a negated HF_E*, and prints its text to stderr. Blocks on the disk. */
HF_MUST_CHECK int hf_host_copy_in(const char *directory, const char *path);
/* Copies a directory of the host's file system to a new directory of the OS, which must not exist yet (-HF_EEXIST). Nothing is overwritten and no
 * link is followed, even if another process changes the directory meanwhile. Blocks on the disk. */
HF_MUST_CHECK int hf_host_copy_out(const char *path, const char *directory);

/* ---- guests ---- */

/* Loads a translated guest (a shared object). It stays loaded, and the host owns the module: load it once and spawn it as often as needed.
 * -HF_ENOENT, -HF_EINVAL (not a guest, or its ABI differs), with the reason on stderr. Blocks on the disk. */
HF_MUST_CHECK int hf_guest_load(const char *file, const struct hf_guest_module **out);

struct hf_guest_preopen {
	const char *path; /* a directory of the host's file system */
	const char *name; /* the guest's name for it */
	bool read_only;
};

struct hf_guest_socket {
	bool listens;  /* otherwise it connects */
	uint16_t port; /* a kernel port; 0 to listen on any free one */
	bool nonblocking;
	/* For a listening socket: a listening, nonblocking OS socket, whose clients are connected to this socket. -1: none. The caller owns it, and keeps it
	 * open until the guest has been joined. */
	int tcp;
};

/* Limits on a guest's resources. 0: the default (native/README.md, "Limits"). */
struct hf_guest_limits {
	uint32_t fds, pipe_bytes, poll_subscriptions, threads;
	uint64_t output;     /* bytes that it may write to counted files; one more ends it. Default: no limit */
	uint64_t file_bytes; /* bytes that it may add to files, less those removed. Default: all that is free */
};

struct hf_guest_options {
	const struct hf_guest_module *module;
	const char *const *args; /* argv[0] included; ends with NULL */
	const char *const *env;  /* NAME=VALUE; ends with NULL */
	const struct hf_guest_preopen *preopens;
	size_t preopen_count;
	const struct hf_guest_socket *sockets; /* descriptors 3 and up, before the preopens */
	size_t socket_count;
	int streams[3]; /* OS descriptors for 0, 1 and 2, to be kept open until it has been joined; -1: /dev/null */
	const struct hf_guest_limits *limits; /* NULL: all defaults */
};

struct hf_guest;

/* Starts a guest, which the caller must join and free. The options are copied, except the module and the descriptors. After an error nothing has
 * started: -HF_ENOMEM, -HF_EAGAIN (no thread), an error of a preopen's path (-HF_ENOENT, -HF_ENOTDIR) or of a socket's port (-HF_EADDRINUSE,
 * -HF_ECONNREFUSED). Does not block. */
HF_MUST_CHECK int hf_guest_spawn(const struct hf_guest_options *options, struct hf_guest **out);

/* Why a guest ended: HF_ENDED_EXIT, HF_ENDED_TRAP and so on, the numbers of exit_reason.def, which struct hf_sup_end also uses. */
enum hf_guest_ended {
#define X(name, value, doc) HF_ENDED_##name = value,
#include <holdfast/exit_reason.def>
#undef X
};

/* Ends the guest, even while it computes. The first reason counts; after the guest's end this does nothing. Copies up to HF_GUEST_MESSAGE_MAX bytes
 * of the message. Not after hf_guest_free. Does not block. */
void hf_guest_end(struct hf_guest *guest, enum hf_guest_ended reason, uint32_t code, const char *message);

#define HF_GUEST_FOREVER UINT64_MAX
/* Blocks until the process and all its threads have ended and its output has been written (to TCP clients, as far as they read it within five
 * seconds), or until the deadline (nanoseconds of CLOCK_MONOTONIC; HF_GUEST_FOREVER: none). False: it still runs, or its output is still being
 * written. Several threads may wait for one guest. */
HF_MUST_CHECK bool hf_guest_join(struct hf_guest *guest, uint64_t deadline);
/* Discards its unread output, so that hf_guest_join no longer waits for a reader (except while a write blocks: to a stopped terminal, or to a pipe
 * that another program fills at the same time). If the guest still runs, its writes return EPIPE from now on. Does not block. */
void hf_guest_drop_output(struct hf_guest *guest);

#define HF_GUEST_MESSAGE_MAX 512
struct hf_guest_exit {
	enum hf_guest_ended reason;
	uint32_t code;                          /* the code of an exit; 134 for a trap */
	char message[HF_GUEST_MESSAGE_MAX + 1]; /* UTF-8; "" for an exit */
};
/* Returns how the guest ended; call it after hf_guest_join. The result is valid until hf_guest_free. Does not block. */
const struct hf_guest_exit *hf_guest_exit(const struct hf_guest *guest);
/* Call it after hf_guest_join, when no thread uses the guest any more. Does not block. */
void hf_guest_free(struct hf_guest *guest);

#endif
