/* writer.h - writes bytes: counts them, or passes them to a sink. */
#ifndef HF_REWRITE_WRITER_H
#define HF_REWRITE_WRITER_H

#include <string.h>

#include "rewrite/rewrite.h"

#define HF__WRITER_ROOM 4096

struct hf__writer {
	hf_rewrite_sink *sink; /* NULL: bytes are only counted */
	void *context;
	uint64_t total;
	size_t used;
	uint8_t buffer[HF__WRITER_ROOM];
};

static inline void hf__flush(struct hf__writer *w)
{
	if (w->used > 0)
		w->sink(w->context, w->buffer, w->used);
	w->used = 0;
}

/* Small pieces are buffered; large ones go straight to the sink. */
static inline void hf__put(struct hf__writer *w, const void *bytes, size_t size)
{
	w->total += size;
	if (!w->sink || size == 0)
		return;
	if (size > HF__WRITER_ROOM - w->used)
		hf__flush(w);
	if (size > HF__WRITER_ROOM) {
		w->sink(w->context, bytes, size);
		return;
	}
	memcpy(w->buffer + w->used, bytes, size);
	w->used += size;
}

static inline void hf__put_byte(struct hf__writer *w, uint8_t byte)
{
	hf__put(w, &byte, 1);
}

static inline void hf__put_u64(struct hf__writer *w, uint64_t value)
{
	uint8_t bytes[10];
	size_t size = 0;
	do {
		bytes[size++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	hf__put(w, bytes, size);
}

/* Writes the immediate of i32.const, which is not negative. */
static inline void hf__put_s32(struct hf__writer *w, uint32_t value)
{
	uint8_t bytes[5];
	size_t size = 0;
	while (value > 0x3f) {
		bytes[size++] = (uint8_t)((value & 0x7f) | 0x80);
		value >>= 7;
	}
	bytes[size++] = (uint8_t)value;
	hf__put(w, bytes, size);
}

/* Writes the immediate of i32.const, of any sign. */
static inline void hf__put_i32(struct hf__writer *w, uint32_t value)
{
	int32_t left = (int32_t)value;
	for (; left < -64 || left > 63; left >>= 7)
		hf__put_byte(w, (uint8_t)((left & 0x7f) | 0x80));
	hf__put_byte(w, (uint8_t)(left & 0x7f));
}

static inline void hf__put_text(struct hf__writer *w, const char *text)
{
	size_t size = strlen(text);
	hf__put_u64(w, size);
	hf__put(w, text, size);
}

#endif
