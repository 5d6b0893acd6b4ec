/* Measures the cost of calls of WASI 0.2, like bench-syscalls for preview 1: prints `NAME MIN MEDIAN MAX` for each, in nanoseconds per call. The names are
 * those of the corresponding rows of bench-syscalls. Takes the same arguments.
 *
 * Needs a directory preopened as "/", in which it creates files and removes them again. Not a test: it has no "guest" header. */
#include "../bench/rows.h"
#include "wasi2.h"

enum { BLOCK = 65536 };

#define READ FILESYSTEM_DESCRIPTOR_FLAGS_READ
#define WRITE FILESYSTEM_DESCRIPTOR_FLAGS_WRITE
#define CREATE FILESYSTEM_OPEN_FLAGS_CREATE

static uint8_t block[BLOCK];
static filesystem_borrow_descriptor_t root, file, block_file;
static filesystem_error_code_t error;
static streams_stream_error_t failure;
static const char deep[] = "bench2/1/2/3/4/5/6/7/leaf";

static void clock_now(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		monotonic_clock_now();
}

static void random_bytes_16(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wasip2_list_u8_t bytes;
		random_get_random_bytes(16, &bytes);
		wasip2_list_u8_free(&bytes);
	}
}

static void write_at_0(filesystem_borrow_descriptor_t to, uint32_t size, uint32_t n)
{
	wasip2_list_u8_t bytes = {.ptr = block, .len = size};
	uint64_t written;
	for (uint32_t i = 0; i < n; i++)
		CHECK(filesystem_method_descriptor_write(to, &bytes, 0, &written, &error));
}

static void read_at_0(filesystem_borrow_descriptor_t from, uint32_t size, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wasip2_tuple2_list_u8_bool_t got;
		CHECK(filesystem_method_descriptor_read(from, size, 0, &got, &error));
		wasip2_list_u8_free(&got.f0);
	}
}

static void pwrite_1(uint32_t n)
{
	write_at_0(file, 1, n);
}

static void pread_1(uint32_t n)
{
	read_at_0(file, 1, n);
}

static void pread_64k(uint32_t n)
{
	read_at_0(block_file, BLOCK, n);
}

static void pwrite_64k(uint32_t n)
{
	write_at_0(block_file, BLOCK, n);
}

/* check-write and write, through a stream over the file. */
static void write_1(uint32_t n)
{
	streams_own_output_stream_t own;
	wasip2_list_u8_t bytes = {.ptr = block, .len = 1};
	CHECK(filesystem_method_descriptor_write_via_stream(file, 0, &own, &error));
	streams_borrow_output_stream_t out = streams_borrow_output_stream(own);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t room;
		CHECK(streams_method_output_stream_check_write(out, &room, &failure) && room >= 1);
		CHECK(streams_method_output_stream_write(out, &bytes, &failure));
	}
	streams_output_stream_drop_own(own);
}

/* Reads the file of 1 MiB through a stream, then starts again. */
static void read_64k(uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		streams_own_input_stream_t own;
		CHECK(filesystem_method_descriptor_read_via_stream(block_file, 0, &own, &error));
		for (uint32_t j = 0; j < 16 && i < n; j++, i++) {
			wasip2_list_u8_t bytes;
			CHECK(streams_method_input_stream_blocking_read(streams_borrow_input_stream(own), BLOCK, &bytes, &failure));
			CHECK_EQ(bytes.len, BLOCK);
			wasip2_list_u8_free(&bytes);
		}
		streams_input_stream_drop_own(own);
	}
}

static void stat_(uint32_t n)
{
	filesystem_descriptor_stat_t stat;
	for (uint32_t i = 0; i < n; i++)
		CHECK(filesystem_method_descriptor_stat(file, &stat, &error));
}

static void stat_8_deep(uint32_t n)
{
	wasip2_string_t name = text(deep);
	filesystem_descriptor_stat_t stat;
	for (uint32_t i = 0; i < n; i++)
		CHECK(filesystem_method_descriptor_stat_at(root, 0, &name, &stat, &error));
}

static filesystem_own_descriptor_t open_(const char *path, filesystem_open_flags_t how,
                                         filesystem_descriptor_flags_t flags)
{
	wasip2_string_t name = text(path);
	filesystem_own_descriptor_t made;
	CHECK(filesystem_method_descriptor_open_at(root, 0, &name, how, flags, &made, &error));
	return made;
}

static void open_close(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		filesystem_descriptor_drop_own(open_("bench2/file", 0, READ));
}

static void poll_1_ready(uint32_t n)
{
	poll_own_pollable_t own = monotonic_clock_subscribe_duration(0);
	poll_borrow_pollable_t one = poll_borrow_pollable(own);
	poll_list_borrow_pollable_t list = {.ptr = &one, .len = 1};
	for (uint32_t i = 0; i < n; i++) {
		wasip2_list_u32_t ready;
		poll_poll(&list, &ready);
		wasip2_list_u32_free(&ready);
	}
	poll_pollable_drop_own(own);
}

struct row rows[] = {
	{.name = "clock_time_get", .run = clock_now}, {.name = "random_get_16", .run = random_bytes_16},
	{.name = "fd_pwrite_1", .run = pwrite_1},     {.name = "fd_pread_1", .run = pread_1},
	{.name = "fd_write_1_file", .run = write_1},  {.name = "fd_read_64k", .run = read_64k},
	{.name = "fd_pread_64k", .run = pread_64k},   {.name = "fd_pwrite_64k", .run = pwrite_64k},
	{.name = "fd_filestat_get", .run = stat_},    {.name = "path_filestat_get_8_deep", .run = stat_8_deep},
	{.name = "open_close", .run = open_close},    {.name = "poll_1_ready", .run = poll_1_ready},
};
const uint32_t row_count = sizeof rows / sizeof *rows;

uint64_t now(void)
{
	return monotonic_clock_now();
}

static void find_root(void)
{
	filesystem_preopens_list_tuple2_own_descriptor_string_t list;
	filesystem_preopens_get_directories(&list);
	for (size_t i = 0; i < list.len; i++)
		if (equals(list.ptr[i].f1, "/"))
			root = filesystem_borrow_descriptor(list.ptr[i].f0);
}

static void make_dirs(void)
{
	char path[64] = "bench2";
	wasip2_string_t name = text(path);

	CHECK(filesystem_method_descriptor_create_directory_at(root, &name, &error));
	for (int i = 1; i <= 7; i++) {
		snprintf(path + strlen(path), sizeof path - strlen(path), "/%d", i);
		name = text(path);
		CHECK(filesystem_method_descriptor_create_directory_at(root, &name, &error));
	}
}

static void remove_file(const char *path)
{
	wasip2_string_t name = text(path);
	CHECK(filesystem_method_descriptor_unlink_file_at(root, &name, &error));
}

static void clean_up(void)
{
	char path[64] = "bench2/1/2/3/4/5/6/7";

	remove_file(deep);
	remove_file("bench2/file");
	remove_file("bench2/block");
	for (char *slash = path;; *slash = '\0') {
		wasip2_string_t name = text(path);
		CHECK(filesystem_method_descriptor_remove_directory_at(root, &name, &error));
		if (!(slash = strrchr(path, '/')))
			return;
	}
}

int main(int argc, char **argv)
{
	find_root();
	make_dirs();
	filesystem_descriptor_drop_own(open_(deep, CREATE, WRITE));
	file = filesystem_borrow_descriptor(open_("bench2/file", CREATE, READ | WRITE));
	block_file = filesystem_borrow_descriptor(open_("bench2/block", CREATE, READ | WRITE));
	wasip2_list_u8_t bytes = {.ptr = block, .len = BLOCK};
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t written;
		CHECK(filesystem_method_descriptor_write(block_file, &bytes, i * BLOCK, &written, &error));
	}
	run_rows(argc, argv);
	clean_up();
	return 0;
}
