/* host.h - WASI programs in a native program: processes of the kernel whose guests were translated to C (guest_module.h; `node tools/wasm2c.mjs
 * GUEST.wasm GUEST.so` makes one) and run on OS threads. One host an OS process.
 *
 * One thread of the host is the coordinator: it runs the kernel's work queue. Streams are OS descriptors, pumped by threads into kernel pipes, so a
 * guest blocks, polls, and sees ends of files as it does in the browser.
 *
 * Unless a comment says otherwise, any thread except guests' own may call any of these; each says whether it blocks. Results are 0 or more, or a
 * negated HF_E* (errno.h). Unless a comment says otherwise, the caller keeps its arguments, and they are copied where they must outlive the call.
 *
 * Linking: a translated guest imports symbols of the program that loads it. So the whole of the libraries holdfast_host and holdfast_kernel is linked
 * (--whole-archive) and exported (-rdynamic), as CMakeLists.txt does for holdfast-guest. The host uses SIGRTMIN + 2. Ignore SIGPIPE, or a reader that
 * closes a guest's output ends the program. */
#ifndef HOLDFAST_HOST_H
#define HOLDFAST_HOST_H

#include <holdfast/errno.h>
#include <holdfast/guest_module.h>
#include <stdbool.h>

#ifndef HF_MUST_CHECK
#define HF_MUST_CHECK __attribute__((warn_unused_result))
#endif

/* ---- the host ---- */

/* The kernel's memory by default: a guest must not be able to take all of the machine's. */
#define HF_HOST_MEMORY (UINT64_C(1) << 30)

/* Starts the coordinator, over an empty file system with /dev and /tmp of which the kernel may have `memory` bytes (three quarters
 * of them for files, as in the browser; 0: HF_HOST_MEMORY). Call it before anything else here, once until hf_host_stop. -HF_ENOMEM,
 * -HF_EAGAIN (no thread): then nothing has started. Does not block. */
HF_MUST_CHECK int hf_host_start(uint64_t memory);
/* Every guest must have been freed, and no other function here may be called meanwhile. Blocks until the coordinator is gone. The file system goes
 * with it. */
void hf_host_stop(void);

/* Copies a directory of the OS (files, directories, symbolic and hard links, times) to a path of the host's file system, making the directories on
 * the way. No link is followed below it; pipes, sockets and devices are left out, and named on stderr. Files that this user may not write are
 * read-only to guests (EACCES). -HF_ENOENT and so on; errno's text is printed to stderr. Blocks on the disk. */
HF_MUST_CHECK int hf_host_copy_in(const char *directory, const char *path);
/* Copies a directory of the host's file system to one of the OS, which is created and must not exist yet (-HF_EEXIST). Nothing is overwritten and no
 * link is followed, even if another process changes the directory meanwhile. Blocks on the disk. */
HF_MUST_CHECK int hf_host_copy_out(const char *path, const char *directory);

/* ---- guests ---- */

/* Loads a translated guest (a shared object). It stays loaded, and the host owns the module: load it once and spawn it as often as needed.
 * -HF_ENOENT, -HF_EINVAL (not a guest, or of another ABI), with the reason on stderr. Blocks on the disk. */
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

/* What a guest can make the kernel hold. 0: the default (native/README.md, "Limits"). */
struct hf_guest_limits {
	uint32_t fds, pipe_bytes, poll_subscriptions, threads;
	uint64_t output;     /* bytes that it may write to files that are counted; one more ends it. By default none */
	uint64_t file_bytes; /* what it may add to the file system, less what it takes away. By default what there is */
};

struct hf_guest_options {
	const struct hf_guest_module *module;
	const char *const *args; /* argv[0] included; ends with NULL */
	const char *const *env;  /* NAME=VALUE; ends with NULL */
	const struct hf_guest_preopen *preopens;
	size_t preopen_count;
	const struct hf_guest_socket *sockets; /* descriptors 3 and up, before the preopens */
	size_t socket_count;
	int streams[3]; /* OS descriptors for 0, 1 and 2, which stay open until it has been joined; -1: /dev/null */
	const struct hf_guest_limits *limits; /* NULL: all by default */
};

struct hf_guest;

/* Starts a guest, which the caller must join and free. The options are copied, except the module and the descriptors. -HF_ENOMEM, -HF_EAGAIN (no
 * thread), and the errors of a preopen's path (-HF_ENOENT, -HF_ENOTDIR) or a socket's port (-HF_EADDRINUSE, -HF_ECONNREFUSED): then nothing has
 * started. Does not block. */
HF_MUST_CHECK int hf_guest_spawn(const struct hf_guest_options *options, struct hf_guest **out);

/* Why a guest ended: HF_ENDED_EXIT, HF_ENDED_TRAP and so on, the numbers of exit_reason.def, which are those of struct hf_sup_end too. */
enum hf_guest_ended {
#define X(name, value, doc) HF_ENDED_##name = value,
#include <holdfast/exit_reason.def>
#undef X
};

/* Ends it, wherever it is, also while it computes: the first reason counts, and after its end nothing changes. Up to HF_GUEST_MESSAGE_MAX bytes of
 * the message are copied. Not after hf_guest_free. Does not block. */
void hf_guest_end(struct hf_guest *guest, enum hf_guest_ended reason, uint32_t code, const char *message);

#define HF_GUEST_FOREVER UINT64_MAX
/* Blocks until the process is gone with all its threads and its output has been written (to TCP clients, as far as they take it
 * within five seconds), or until the deadline (nanoseconds of CLOCK_MONOTONIC; HF_GUEST_FOREVER). False: it still runs, or its output is still being
 * written. Several threads may wait for one guest. */
HF_MUST_CHECK bool hf_guest_join(struct hf_guest *guest, uint64_t deadline);
/* Discards its unread output, so that hf_guest_join no longer waits for a reader (except where a write may block: on a stopped terminal, or on a pipe
 * that another program fills at the same time). If it still runs, it gets EPIPE from now on. Does not block. */
void hf_guest_drop_output(struct hf_guest *guest);

#define HF_GUEST_MESSAGE_MAX 512
struct hf_guest_exit {
	enum hf_guest_ended reason;
	uint32_t code;                          /* an exit's own; 134 for a trap */
	char message[HF_GUEST_MESSAGE_MAX + 1]; /* UTF-8; "" for an exit */
};
/* How it ended; call it after hf_guest_join. The result lives as long as the guest. Does not block. */
const struct hf_guest_exit *hf_guest_exit(const struct hf_guest *guest);
/* Call it after hf_guest_join, when no thread is in it any more. Does not block. */
void hf_guest_free(struct hf_guest *guest);

#endif
