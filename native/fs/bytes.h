/* bytes.h - the contents of one file: sparse, of any size up to 2^63.
 *
 * The first 64 KiB are in one block that grows with the file; a small file has nothing else. After that, chunks of 64 KiB are in a radix tree that is
 * as high as the furthest chunk requires: memory grows with the data written, not with the size, and only the first block is ever copied to make
 * room. Ranges that were never written are holes, which read as zeros.
 *
 * There is no lock here: the caller holds one. */
#ifndef HF_FS_BYTES_H
#define HF_FS_BYTES_H

#include "fs/budget.h"
#include "platform/lock.h"
#include "platform/uio.h"

#define HF_CHUNK 65536

struct hf_bytes {
	hf_counter size;    /* may be read without the lock */
	uint8_t *head;      /* bytes [0, head_room) */
	uint32_t head_room; /* at most HF_CHUNK */
	uint32_t height;    /* the tree's height; 0: no tree */
	void *root;
	struct hf_budget *budget; /* immutable after init; pays for head_room and for each chunk */
};

void hf__bytes_init(struct hf_bytes *bytes, struct hf_budget *budget);
/* Copies out min(count, size - offset) bytes; nothing at or past the end. count <= uio->resid. */
void hf__bytes_read(const struct hf_bytes *bytes, uint64_t offset, uint64_t count, struct hf_uio *uio);
/* Copies in up to `count` bytes; count <= uio->resid, offset + count <= INT64_MAX. Copies fewer when memory or the budget runs out. 0, or -HF_ENOSPC
 * when nothing was copied. */
HF_MUST_CHECK int hf__bytes_write(struct hf_bytes *bytes, uint64_t offset, uint64_t count, struct hf_uio *uio);
/* Truncates, or lengthens by a hole. Never fails. The removed part goes to *rest; pass it to hf__bytes_free after releasing the lock, because it may
 * be ten thousand chunks. */
void hf__bytes_truncate(struct hf_bytes *bytes, uint64_t size, struct hf_bytes *rest);
/* Allocates memory for the holes in [offset, offset + count), which still read as zeros; the size does not change. 0 or -HF_ENOSPC. The caller must
 * then cut off memory beyond the size, or extend the size over it with hf__bytes_lengthen. */
HF_MUST_CHECK int hf__bytes_fill(struct hf_bytes *bytes, uint64_t offset, uint64_t count);
/* Makes the size at least this. */
void hf__bytes_lengthen(struct hf_bytes *bytes, uint64_t size);

/* Exchanges the contents of two files with the same budget. */
void hf__bytes_exchange(struct hf_bytes *bytes, struct hf_bytes *other);

/* Frees all memory; the contents are then empty. */
void hf__bytes_free(struct hf_bytes *bytes);

#endif
