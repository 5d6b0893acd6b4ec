/* Reads return what was written: within and across the borders of chunks, at the end and past it, appended, overwritten. */
#include "support/files.h"

#include <stdlib.h>
#include <string.h>

#define SIZE 400000 /* six chunks and a part */

static char *pattern(uint64_t seed)
{
	char *bytes = malloc(SIZE);
	CHECK(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)random_next(&seed);
	return bytes;
}

static void check_ends(struct hf_vnode *file)
{
	char buffer[16];
	CHECK_EQ(f_read(file, 0, buffer, sizeof buffer), 0);
	CHECK_EQ(f_write(file, 0, "", 0), 0);
	CHECK_EQ(f_write(file, 1000, "", 0), 0);
	CHECK_EQ(f_size(file), 0);
	CHECK_EQ(f_write(file, 0, "hello", 5), 5);
	CHECK_EQ(f_read(file, 0, buffer, sizeof buffer), 5);
	CHECK_EQ(f_read(file, 3, buffer, sizeof buffer), 2);
	CHECK_BYTES(buffer, "lo", 2);
	CHECK_EQ(f_read(file, 5, buffer, sizeof buffer), 0);
	CHECK_EQ(f_read(file, UINT64_MAX, buffer, sizeof buffer), 0);
	CHECK_EQ(f_read(file, 0, buffer, 0), 0);
	CHECK_OK(file->ops->truncate(file, 0));
}

/* Random reads and writes against a copy in plain memory. */
static void check_against_copy(struct hf_vnode *file, uint64_t seed)
{
	char *copy = calloc(1, SIZE), *fresh = pattern(seed), *out = malloc(SIZE);
	uint64_t size = 0;
	CHECK(copy && out);
	for (int i = 0; i < 3000; i++) {
		uint32_t at = random_below(&seed, SIZE), most = random_below(&seed, 4) ? 300 : SIZE;
		uint32_t n = random_below(&seed, most < SIZE - at ? most : SIZE - at);
		if (random_below(&seed, 2)) {
			CHECK_EQ(f_write(file, at, fresh + (SIZE - n), n), n);
			memcpy(copy + at, fresh + (SIZE - n), n);
			if (n > 0 && at + n > size)
				size = at + n;
		} else {
			uint64_t expected = at >= size ? 0 : n < size - at ? n : size - at;
			CHECK_EQ(f_read(file, at, out, n), expected);
			CHECK_BYTES(out, copy + at, expected);
		}
		CHECK_EQ(f_size(file), size);
	}
	free(copy);
	free(fresh);
	free(out);
}

static void check_append(struct hf_vnode *file)
{
	uint64_t end = 0;
	char buffer[8];
	CHECK_OK(file->ops->truncate(file, 65533));
	CHECK_EQ(f_append(file, "abcdef", 6, &end), 6);
	CHECK_EQ(end, 65539);
	CHECK_EQ(f_append(file, "", 0, &end), 0);
	CHECK_EQ(end, 65539);
	CHECK_EQ(f_read(file, 65532, buffer, 8), 7);
	CHECK_BYTES(buffer + 1, "abcdef", 6);
}

/* One read into pieces, one write from pieces. */
static void check_pieces(struct hf_vnode *file)
{
	char a[] = "one ", b[] = "two ", c[] = "three";
	struct hf_iov iov[] = {{(uintptr_t)a, 4}, {(uintptr_t)b, 4}, {(uintptr_t)c, 5}};
	struct hf_uio uio = {.iov = iov, .iov_left = 3, .resid = 13};
	uint64_t end;
	CHECK_OK(file->ops->write(file, 65530, false, &uio, &end));
	CHECK_EQ(uio.resid, 0);
	CHECK_EQ(end, 65543);
	memset(a, 0, 4);
	memset(b, 0, 4);
	memset(c, 0, 5);
	uio = (struct hf_uio){.iov = iov, .iov_left = 3, .resid = 13};
	CHECK_OK(file->ops->read(file, 65530, &uio));
	CHECK_EQ(uio.resid, 0);
	CHECK(memcmp(a, "one ", 4) == 0 && memcmp(b, "two ", 4) == 0 && memcmp(c, "three", 5) == 0);
}

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *file = NULL;
	CHECK_OK(f_open(fs.root, "file", F_CREATE, &file));
	check_ends(file);
	check_against_copy(file, random_seed());
	check_append(file);
	check_pieces(file);
	CHECK_OK(file->ops->sync(file));
	hf_vnode_unref(file);
	CHECK_OK(f_put(fs.root, "file", "short"));
	f_check_text(fs.root, "file", "short");
	fs_end(&fs);
	return done();
}
