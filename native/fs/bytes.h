/* bytes.h - the contents of one file: sparse, of any size up to 2^63.
 *
 * The first 64 KiB lie in one block that grows as the file does, which is all there is to a small file. Beyond, chunks
 * of 64 KiB hang in a radix tree that is as high as the furthest chunk needs: memory goes with what was written, not
 * with the size, and nothing is ever copied to make room but the first block. Where nothing was written is a hole that
 * reads as zeros.
 *
 * No lock of its own: the caller's. */
#ifndef HF_FS_BYTES_H
#define HF_FS_BYTES_H

#include "fs/budget.h"
#include "platform/lock.h"
#include "platform/uio.h"

#define HF_CHUNK 65536

struct hf_bytes {
	uint64_t size;
	uint8_t *head;      /* bytes [0, head_room) */
	uint32_t head_room; /* at most HF_CHUNK */
	uint32_t height;    /* of the tree; 0: no tree */
	void *root;
	struct hf_budget *budget; /* immutable after init; pays for head_room and for each chunk */
};

void hf__bytes_init(struct hf_bytes *bytes, struct hf_budget *budget);
/* Moves min(count, size - offset) bytes out; nothing at or past the end. count <= uio->resid. */
void hf__bytes_read(const struct hf_bytes *bytes, uint64_t offset, uint64_t count, struct hf_uio *uio);
/* Moves up to `count` bytes in, count <= uio->resid, offset + count <= INT64_MAX. Fewer when memory or the budget ends;
 * 0, or -HF_ENOSPC when nothing was moved. */
HF_MUST_CHECK int hf__bytes_write(struct hf_bytes *bytes, uint64_t offset, uint64_t count, struct hf_uio *uio);
/* Cuts, or lengthens by a hole. Never fails. What was cut off is in *rest, for hf__bytes_free once the lock is free: there may be ten thousand
 * chunks. */
void hf__bytes_truncate(struct hf_bytes *bytes, uint64_t size, struct hf_bytes *rest);
/* Fills the holes in [offset, offset + count) with memory, which reads as zeros; the size stays. 0 or -HF_ENOSPC. What lies beyond the size is
 * the caller's to cut off or to bring within the size by hf__bytes_lengthen. */
HF_MUST_CHECK int hf__bytes_fill(struct hf_bytes *bytes, uint64_t offset, uint64_t count);
/* Makes the size at least that. */
void hf__bytes_lengthen(struct hf_bytes *bytes, uint64_t size);

/* Frees all memory; the contents are empty then. */
void hf__bytes_free(struct hf_bytes *bytes);

#endif
