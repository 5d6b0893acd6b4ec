/* abi.h - the structs of WASI preview 1 (and of wasi_unstable where it differs) as they lie in a guest's memory:
 * little-endian, natural alignment. Source: WebAssembly/WASI legacy/preview1/docs.md and, for the older one, snapshots
 * of wasi_unstable. */
#ifndef HF_WASI_ABI_H
#define HF_WASI_ABI_H

#include <stddef.h>
#include <stdint.h>

struct wasi_iovec {
	uint32_t buf, size;
};

struct wasi_fdstat {
	uint8_t filetype, pad0;
	uint16_t flags;
	uint32_t pad1;
	uint64_t rights, inheriting;
};

struct wasi_filestat {
	uint64_t dev, ino;
	uint8_t filetype, pad[7];
	uint64_t nlink, size, atim, mtim, ctim;
};

struct wasi_unstable_filestat {
	uint64_t dev, ino;
	uint8_t filetype, pad[3];
	uint32_t nlink;
	uint64_t size, atim, mtim, ctim;
};

struct wasi_prestat {
	uint8_t tag, pad[3]; /* 0: a directory, the only kind that WASI defines; sockets are WASI_PREOPEN_OTHER */
	uint32_t name_size;
};

#define WASI_PREOPEN_OTHER 1

/* ri_flags of sock_recv. */
#define WASI_RECV_PEEK 1u
#define WASI_RECV_WAITALL 2u

struct wasi_dirent {
	uint64_t next, ino;
	uint32_t name_size;
	uint8_t filetype, pad[3];
};

struct wasi_subscription_clock {
	uint32_t id, pad;
	uint64_t timeout, precision;
	uint16_t flags, pad2[3];
};

struct wasi_subscription {
	uint64_t userdata;
	uint8_t tag, pad[7];
	union {
		struct wasi_subscription_clock clock;
		uint32_t fd;
	} u;
};

struct wasi_unstable_subscription {
	uint64_t userdata;
	uint8_t tag, pad[7];
	union {
		struct {
			uint64_t identifier;
			struct wasi_subscription_clock rest;
		} clock;
		uint32_t fd;
	} u;
};

struct wasi_event {
	uint64_t userdata;
	uint16_t error;
	uint8_t type, pad[5];
	uint64_t bytes;
	uint16_t flags, pad2[3];
};

_Static_assert(sizeof(struct wasi_iovec) == 8, "ABI");
_Static_assert(sizeof(struct wasi_fdstat) == 24 && offsetof(struct wasi_fdstat, rights) == 8, "ABI");
_Static_assert(sizeof(struct wasi_filestat) == 64 && offsetof(struct wasi_filestat, nlink) == 24, "ABI");
_Static_assert(sizeof(struct wasi_unstable_filestat) == 56 && offsetof(struct wasi_unstable_filestat, nlink) == 20,
               "ABI");
_Static_assert(sizeof(struct wasi_prestat) == 8, "ABI");
_Static_assert(sizeof(struct wasi_dirent) == 24 && offsetof(struct wasi_dirent, filetype) == 20, "ABI");
_Static_assert(sizeof(struct wasi_subscription) == HF_SUBSCRIPTION_SIZE &&
                   offsetof(struct wasi_subscription, u.clock.timeout) == 24,
               "ABI");
_Static_assert(sizeof(struct wasi_unstable_subscription) == 56 &&
                   offsetof(struct wasi_unstable_subscription, u.clock.rest.timeout) == 32,
               "ABI");
_Static_assert(sizeof(struct wasi_event) == HF_EVENT_SIZE && offsetof(struct wasi_event, bytes) == 16, "ABI");

#endif
