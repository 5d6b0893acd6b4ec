/* reader.c - LEB128 to the letter (WebAssembly core, 5.2.2): no more bytes than the type needs, no bits beyond it. */
#include "rewrite/reader.h"

void hf__fail_at(struct hf__reader *r, const uint8_t *where, const char *what, uint32_t number)
{
	if (!r->fault->what)
		*r->fault = (struct hf__fault){.what = what, .offset = (size_t)(where - r->module), .number = number};
	r->at = r->end;
}

void hf__fail(struct hf__reader *r, const char *what)
{
	hf__fail_at(r, r->at, what, 0);
}

static uint64_t leb(struct hf__reader *r, unsigned bits)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = hf__byte(r);
		unsigned left = bits - shift;
		if (left < 7 && byte >> left) {
			hf__fail(r, "a number is too long");
			return 0;
		}
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
}

uint32_t hf__u32_slow(struct hf__reader *r)
{
	return (uint32_t)leb(r, 32);
}

uint64_t hf__u64(struct hf__reader *r)
{
	return leb(r, 64);
}

static int64_t signed_leb(struct hf__reader *r, unsigned bits)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = hf__byte(r);
		unsigned left = bits - shift;
		if (left <= 7) {
			/* The last byte must not continue, and its unused bits must be copies of the sign. */
			uint8_t beyond = (uint8_t)(0x7f & ~((1u << (left - 1)) - 1));
			if (byte >= 0x80 || ((byte & beyond) != 0 && (byte & beyond) != beyond)) {
				hf__fail(r, "a number is too long");
				return 0;
			}
		}
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte >= 0x80)
			continue;
		if (byte & 0x40 && shift + 7 < 64)
			value |= ~UINT64_C(0) << (shift + 7);
		return (int64_t)value;
	}
}

int64_t hf__s33(struct hf__reader *r)
{
	return signed_leb(r, 33);
}

void hf__skip_signed(struct hf__reader *r, unsigned bits)
{
	if (r->at != r->end && *r->at < 0x80)
		r->at++;
	else
		(void)signed_leb(r, bits);
}

void hf__skip(struct hf__reader *r, size_t size)
{
	if (size > (size_t)(r->end - r->at))
		hf__fail(r, "it is cut off");
	else
		r->at += size;
}

uint32_t hf__count(struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint32_t count = hf__u32(r);
	if (count > (size_t)(r->end - r->at)) {
		hf__fail_at(r, where, "a vector is longer than its section", 0);
		return 0;
	}
	return count;
}

struct hf__reader hf__part(struct hf__reader *r, uint32_t size)
{
	struct hf__reader part = *r;
	hf__skip(r, size);
	part.end = hf__failed(r) ? part.at : part.at + size;
	return part;
}
