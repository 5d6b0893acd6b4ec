/* records.c - reads records, and mutates lists of them for libFuzzer. */
#include "records.h"

#include <string.h>

void records_begin(struct records *records, const uint8_t *data, size_t size)
{
	*records = (struct records){.next = data, .left = size};
}

bool records_next(struct records *records, struct record *out)
{
	if (records->left == 0 || records->count == RECORDS_MOST)
		return false;
	size_t size = records->left < RECORD ? records->left : RECORD;
	*out = (struct record){.at = 0};
	memcpy(out->bytes, records->next, size);
	records->next += size;
	records->left -= size;
	records->count++;
	return true;
}

uint8_t take_byte(struct record *record)
{
	return record->at < RECORD ? record->bytes[record->at++] : 0;
}

uint64_t take_bytes(struct record *record, unsigned count)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < count; i++)
		value |= (uint64_t)take_byte(record) << (8 * i);
	return value;
}

/* ---- mutations ---- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned seed);

static uint32_t next_random(unsigned *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Makes room for a record at the index. Returns the new size. */
static size_t open_gap(uint8_t *data, size_t size, size_t index)
{
	memmove(data + (index + 1) * RECORD, data + index * RECORD, size - index * RECORD);
	return size + RECORD;
}

static size_t insert_random(uint8_t *data, size_t size, unsigned *seed)
{
	size_t index = next_random(seed) % (size / RECORD + 1);
	size = open_gap(data, size, index);
	for (unsigned i = 0; i < RECORD; i++)
		data[index * RECORD + i] = (uint8_t)next_random(seed);
	return size;
}

static size_t repeat_one(uint8_t *data, size_t size, unsigned *seed)
{
	uint8_t copy[RECORD];
	memcpy(copy, data + next_random(seed) % (size / RECORD) * RECORD, RECORD);
	size_t index = next_random(seed) % (size / RECORD + 1);
	size = open_gap(data, size, index);
	memcpy(data + index * RECORD, copy, RECORD);
	return size;
}

static size_t remove_one(uint8_t *data, size_t size, unsigned *seed)
{
	size_t index = next_random(seed) % (size / RECORD);
	memmove(data + index * RECORD, data + (index + 1) * RECORD, size - (index + 1) * RECORD);
	return size - RECORD;
}

static void swap_two(uint8_t *data, size_t size, unsigned *seed)
{
	uint8_t *a = data + next_random(seed) % (size / RECORD) * RECORD;
	uint8_t *b = data + next_random(seed) % (size / RECORD) * RECORD, copy[RECORD];
	memcpy(copy, a, RECORD);
	memmove(a, b, RECORD);
	memcpy(b, copy, RECORD);
}

static void change_one(uint8_t *data, size_t size, unsigned *seed)
{
	uint8_t *record = data + next_random(seed) % (size / RECORD) * RECORD;
	if (next_random(seed) % 2)
		record[next_random(seed) % RECORD] = (uint8_t)next_random(seed);
	else
		(void)LLVMFuzzerMutate(record, RECORD, RECORD);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t most = max_size < RECORDS_MOST * RECORD ? max_size / RECORD * RECORD : RECORDS_MOST * RECORD;
	size = size / RECORD * RECORD;
	if (size > most)
		size = most;
	if (most == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	for (unsigned rounds = 1 + next_random(&seed) % 3; rounds > 0; rounds--) {
		unsigned what = next_random(&seed) % 8;
		if (size == 0 || (what == 0 && size < most))
			size = insert_random(data, size, &seed);
		else if (what == 1 && size < most)
			size = repeat_one(data, size, &seed);
		else if (what == 2 && size > RECORD)
			size = remove_one(data, size, &seed);
		else if (what == 3)
			swap_two(data, size, &seed);
		else
			change_one(data, size, &seed);
	}
	return size;
}

/* The beginning of one input, then the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max_size, unsigned seed)
{
	size_t head = next_random(&seed) % (a_size / RECORD + 1) * RECORD;
	size_t from = next_random(&seed) % (b_size / RECORD + 1) * RECORD;
	if (head > max_size)
		head = max_size / RECORD * RECORD;
	size_t tail = b_size / RECORD * RECORD - from;
	if (tail > max_size - head)
		tail = (max_size - head) / RECORD * RECORD;
	memcpy(out, a, head);
	memcpy(out + head, b + from, tail);
	return head + tail;
}
