/* bytes.h - the contents of one file: sparse, of any size up to 2^63.
 *
 * The first 64 KiB lie in one block that grows with the file; a small file has nothing else. Beyond, chunks of 64 KiB
 * hang in a radix tree that is as high as the furthest chunk needs: memory grows with what was written, not with the
 * size, and only the first block is ever copied to make room. Ranges that were never written are holes, which read as
 * zeros.
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
/* Cuts, or lengthens by a hole. Never fails. *rest gets what was cut off; pass it to hf__bytes_free after releasing the lock, because there
 * may be ten thousand chunks. */
void hf__bytes_truncate(struct hf_bytes *bytes, uint64_t size, struct hf_bytes *rest);
/* Fills the holes in [offset, offset + count) with memory, which reads as zeros; the size stays. 0 or -HF_ENOSPC. The caller must cut off what
 * lies beyond the size, or bring it within the size by hf__bytes_lengthen. */
HF_MUST_CHECK int hf__bytes_fill(struct hf_bytes *bytes, uint64_t offset, uint64_t count);
/* Makes the size at least that. */
void hf__bytes_lengthen(struct hf_bytes *bytes, uint64_t size);

/* Frees all memory; the contents are empty then. */
void hf__bytes_free(struct hf_bytes *bytes);

#endif
