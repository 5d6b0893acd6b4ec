/* stream.h - wasi:io/streams: a stream reads from, or writes to, a descriptor of the process. */
#ifndef HF_WASI_P2_STREAM_H
#define HF_WASI_P2_STREAM_H

#include "wasi/p2/object.h"

/* The most bytes that one call reads, or that check-write permits. More would take as much kernel memory, and delay a kill. */
#define HF_P2_STREAM_MOST 65536

enum hf_p2_place {
	HF_P2_PLACE_NONE,   /* the description's: a pipe, a terminal, a socket; standard streams that are files */
	HF_P2_PLACE_OFFSET, /* `offset`, which advances: read-via-stream, write-via-stream */
	HF_P2_PLACE_END,    /* the end of the file: append-via-stream */
};

/* An INPUT_STREAM or an OUTPUT_STREAM. Its parent keeps the descriptor open; standard streams need no parent. */
struct hf_p2_stream {
	struct hf_p2_object base;
	uint32_t fd;
	enum hf_p2_place place;
	uint64_t offset;
	bool closed;     /* it has ended, or failed */
	uint64_t *moved; /* output: counts the bytes written, in the parent; NULL: not counted */
	uint64_t permit; /* output: how much may be written without another check-write */
};

/* NULL: no memory. */
struct hf_p2_stream *hf__p2_stream(struct hf_p2 *p2, enum hf_p2_type type, uint32_t fd, enum hf_p2_place place,
                                   uint64_t offset, struct hf_p2_object *parent);

#endif
