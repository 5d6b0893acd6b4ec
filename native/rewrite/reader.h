/* reader.h - reads a module's bytes, and keeps the first error.
 *
 * After a failure the reader is at its end and every further read returns zero, so callers need to check only once per iteration of a loop.
 */
#ifndef HF_REWRITE_READER_H
#define HF_REWRITE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rewrite/rewrite.h"

struct hf__fault {
	const char *what; /* NULL: none yet */
	size_t offset;
	uint32_t number; /* a number, such as an opcode, if `what` ends in a colon */
	enum hf_rewrite_fault kind;
};

struct hf__reader {
	const uint8_t *module; /* the base of offsets */
	const uint8_t *at, *end;
	struct hf__fault *fault;
};

void hf__fail(struct hf__reader *r, const char *what);
/* `where` is the byte that caused the failure. */
void hf__fail_at(struct hf__reader *r, const uint8_t *where, const char *what, uint32_t number);

uint32_t hf__u32_slow(struct hf__reader *r);
uint64_t hf__u64(struct hf__reader *r);
int64_t hf__s33(struct hf__reader *r);
/* Checks and skips a signed number of 32 or 64 bits. */
void hf__skip_signed(struct hf__reader *r, unsigned bits);
void hf__skip(struct hf__reader *r, size_t size);
/* Reads a vector's length; each element takes at least one byte. */
uint32_t hf__count(struct hf__reader *r);
/* Returns a reader for a part of the given size, and skips the part in `r`. */
struct hf__reader hf__part(struct hf__reader *r, uint32_t size);

static inline bool hf__failed(const struct hf__reader *r)
{
	return r->fault->what != NULL;
}

static inline uint8_t hf__byte(struct hf__reader *r)
{
	if (r->at == r->end) {
		hf__fail(r, "it is cut off");
		return 0;
	}
	return *r->at++;
}

static inline uint32_t hf__u32(struct hf__reader *r)
{
	if (r->at != r->end && *r->at < 0x80)
		return *r->at++;
	return hf__u32_slow(r);
}

/* Reads a byte below `bound`, for places where the format has no LEB128 number: an engine would read a longer encoding differently. */
static inline uint8_t hf__byte_below(struct hf__reader *r, uint8_t bound, const char *what)
{
	const uint8_t *where = r->at;
	uint8_t byte = hf__byte(r);
	if (byte >= bound)
		hf__fail_at(r, where, what, byte);
	return byte;
}

/* Reads an index below `bound`. */
static inline uint32_t hf__index(struct hf__reader *r, uint32_t bound, const char *what)
{
	const uint8_t *where = r->at;
	uint32_t index = hf__u32(r);
	if (index >= bound)
		hf__fail_at(r, where, what, index);
	return index;
}

#endif
