/* 20,000 random operations on one file, each compared with the same operation on an array in memory.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

enum { MAX = 300000, OPERATIONS = 20000, CHUNK = 70000 };

static uint8_t model[MAX], data[CHUNK], got[CHUNK];
static uint64_t model_size, model_offset;
static uint32_t state = 12345;

static uint32_t below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

/* Mostly small, sometimes large. */
static uint32_t some_size(void)
{
	return below(20) ? below(100) : below(CHUNK);
}

static void model_write(uint64_t offset, size_t size)
{
	if (size == 0)
		return;
	if (offset > model_size)
		memset(model + model_size, 0, offset - model_size);
	memcpy(model + offset, data, size);
	if (offset + size > model_size)
		model_size = offset + size;
}

static size_t model_read(uint64_t offset, size_t size)
{
	if (offset >= model_size)
		return 0;
	return size < model_size - offset ? size : model_size - offset;
}

static void step(int fd)
{
	uint32_t size = some_size(), offset = below(MAX - CHUNK);
	__wasi_size_t moved;

	switch (below(6)) {
	case 0:
		if (model_offset + size > MAX)
			break;
		data[0]++;
		CHECK_EQ(write_all(fd, data, size), size);
		model_write(model_offset, size);
		model_offset += size;
		break;
	case 1:
		CHECK_EQ(read_some(fd, got, size), model_read(model_offset, size));
		CHECK_BYTES(got, model + model_offset, model_read(model_offset, size));
		model_offset += model_read(model_offset, size);
		break;
	case 2:
		data[1]++;
		CHECK_OK(__wasi_fd_pwrite(fd, &(__wasi_ciovec_t){data, size}, 1, offset, &moved));
		CHECK_EQ(moved, size);
		model_write(offset, size);
		break;
	case 3:
		CHECK_OK(__wasi_fd_pread(fd, &(__wasi_iovec_t){got, size}, 1, offset, &moved));
		CHECK_EQ(moved, model_read(offset, size));
		CHECK_BYTES(got, model + offset, moved);
		break;
	case 4:
		model_offset = seek_to(fd, offset, __WASI_WHENCE_SET);
		CHECK_EQ(model_offset, offset);
		break;
	default:
		if (below(10))
			break;
		CHECK_OK(__wasi_fd_filestat_set_size(fd, offset));
		if (offset > model_size)
			memset(model + model_size, 0, offset - model_size);
		model_size = offset;
	}
}

int main(void)
{
	int fd = open_file("file", O_CREATE);

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)below(256);
	for (int i = 0; i < OPERATIONS; i++) {
		step(fd);
		if (i % 100 == 0)
			CHECK_EQ(stat_fd(fd).size, model_size);
	}
	seek_to(fd, 0, __WASI_WHENCE_SET);
	for (uint64_t at = 0; at < model_size;) {
		size_t size = read_some(fd, got, sizeof got);
		CHECK(size > 0);
		CHECK_BYTES(got, model + at, size);
		at += size;
	}
	CHECK_EQ(read_some(fd, got, sizeof got), 0);
	return 0;
}
