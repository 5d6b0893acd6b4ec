/* Threads read, write, cut and extend one file: each read sees each write completely or not at all, even across the borders of chunks. */
#include "support/files.h"

#include <string.h>

#define THREADS 4
#define RECORD 1000
#define RECORDS 200

static struct budget budget = {.milliseconds = 1200};

/* A record consists of one repeated byte, or of zeros where nothing was written or the file was cut. */
static void check_record(const char *bytes, int64_t size)
{
	for (int64_t i = 1; i < size; i++)
		CHECK_EQ(bytes[i], bytes[0]);
}

static void hammer(void *context, unsigned number)
{
	struct hf_vnode *file = context;
	uint64_t seed = number + 1;
	char record[RECORD];
	while (time_left(&budget)) {
		uint64_t at = (uint64_t)random_below(&seed, RECORDS) * RECORD;
		uint32_t what = random_below(&seed, 100);
		if (what < 50) {
			memset(record, (int)random_next(&seed) | 1, RECORD);
			CHECK_EQ(f_write(file, at, record, RECORD), RECORD);
		} else if (what < 98) {
			int64_t size = f_read(file, at, record, RECORD);
			CHECK(size == 0 || size == RECORD);
			check_record(record, size);
		} else {
			CHECK_OK(file->ops->truncate(file, at));
		}
		CHECK_EQ(f_size(file) % RECORD, 0);
	}
}

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	in_threads(THREADS, hammer, file);
	hf_vnode_unref(file);
	fs_end(&fs);
	return done();
}
