/* records.h - inputs as lists of records of one size, so that mutating one step leaves the others unchanged. */
#ifndef HF_FUZZ_RECORDS_H
#define HF_FUZZ_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD 24
#define RECORDS_MOST 250

/* A record that is read from its beginning; bytes beyond its end read as 0. */
struct record {
	uint8_t bytes[RECORD];
	unsigned at;
};

struct records {
	const uint8_t *next;
	size_t left; /* bytes */
	unsigned count;
};

void records_begin(struct records *records, const uint8_t *data, size_t size);
bool records_next(struct records *records, struct record *out);

uint8_t take_byte(struct record *record);
uint64_t take_bytes(struct record *record, unsigned count);
#define PICK(table, byte) (table)[(byte) % (sizeof(table) / sizeof(table)[0])]

#endif
