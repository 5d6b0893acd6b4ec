/* unstable.c - the doors of wasi_unstable that differ from wasi_snapshot_preview1's (holdfast/unstable.def says why). */
#include "wasi/door.h"

NEAR_DOOR_OF(HF_WASI_UNSTABLE, un, fd_filestat_get, (uint32_t fd, uint32_t out), fd, out)
NEAR_DOOR_OF(HF_WASI_UNSTABLE, un, fd_seek, (uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out), fd, offset,
             whence, out)
DOOR_OF(HF_WASI_UNSTABLE, un, path_filestat_get,
        (uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint32_t out), fd, flags, path, size, out)
NEAR_DOOR_OF(HF_WASI_UNSTABLE, un, poll_oneoff, (uint32_t in, uint32_t out, uint32_t count, uint32_t events), in, out,
             count, events)
