/* Threads append to one file: every record is in it once and whole, each thread's records are in order, and each thread gets the correct offset after its own. */
#include "support/files.h"

#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define RECORDS 40000

/* Odd sizes, so that records cross every boundary. */
struct record {
	uint32_t thread, number;
	char filler[53];
};

static struct hf_vnode *file;

static void append(void *context, unsigned thread)
{
	(void)context;
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct record record = {.thread = thread, .number = i}, back;
		uint64_t end;
		memset(record.filler, (int)(thread + i), sizeof record.filler);
		CHECK_EQ(f_append(file, &record, sizeof record, &end), sizeof record);
		CHECK_EQ(f_read(file, end - sizeof record, &back, sizeof back), sizeof back);
		CHECK_BYTES(&back, &record, sizeof back);
	}
}

int main(void)
{
	struct fs fs = fs_begin();
	uint32_t next[THREADS] = {0};
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	in_threads(THREADS, append, NULL);
	CHECK_EQ(f_size(file), THREADS * RECORDS * sizeof(struct record));
	for (uint32_t i = 0; i < THREADS * RECORDS; i++) {
		struct record record;
		CHECK_EQ(f_read(file, i * sizeof record, &record, sizeof record), sizeof record);
		CHECK(record.thread < THREADS);
		CHECK_EQ(record.number, next[record.thread]++);
		for (size_t j = 0; j < sizeof record.filler; j++)
			CHECK_EQ(record.filler[j], (char)(record.thread + record.number));
	}
	hf_vnode_unref(file);
	fs_end(&fs);
	return done();
}
