/* wasi:io/streams: reads, skips and splices of stdin, and writes to stdout; after its end, every call reports that a stream is closed.
 *
 * guest:
 *   stdin: "0123456789abcdefghijklmnopqrstuvwxyz"
 *   expect-stdout: "0123|89abcdef|\x00\x00\x00|ghijklmnopqrstuvwxyz|ended\n"
 */
#include "wasi2.h"

static streams_borrow_input_stream_t in;
static streams_borrow_output_stream_t out;

/* Reads exactly `size` bytes. */
static void take(uint8_t *bytes, size_t size)
{
	for (size_t got = 0; got < size;) {
		wasip2_list_u8_t list;
		streams_stream_error_t error;
		CHECK(streams_method_input_stream_blocking_read(in, size - got, &list, &error));
		CHECK(list.len > 0 && list.len <= size - got);
		memcpy(bytes + got, list.ptr, list.len);
		got += list.len;
		wasip2_list_u8_free(&list);
	}
}

static void skip(uint64_t size)
{
	while (size > 0) {
		uint64_t skipped;
		streams_stream_error_t error;
		CHECK(streams_method_input_stream_blocking_skip(in, size, &skipped, &error));
		CHECK(skipped > 0 && skipped <= size);
		size -= skipped;
	}
}

/* Moves `size` bytes from stdin to stdout, or fewer at the end of stdin. */
static void splice(uint64_t size)
{
	while (size > 0) {
		uint64_t moved;
		streams_stream_error_t error;
		if (!streams_method_output_stream_blocking_splice(out, in, size, &moved, &error)) {
			CHECK_EQ(error.tag, STREAMS_STREAM_ERROR_CLOSED);
			return;
		}
		CHECK(moved <= size);
		size -= moved;
	}
}

static void check_that_it_has_ended(void)
{
	wasip2_list_u8_t list;
	uint64_t count;
	streams_stream_error_t error;
	for (int i = 0; i < 2; i++) {
		CHECK(!streams_method_input_stream_blocking_read(in, 10, &list, &error));
		CHECK_EQ(error.tag, STREAMS_STREAM_ERROR_CLOSED);
		CHECK(!streams_method_input_stream_read(in, 10, &list, &error));
		CHECK_EQ(error.tag, STREAMS_STREAM_ERROR_CLOSED);
		CHECK(!streams_method_input_stream_skip(in, 10, &count, &error));
		CHECK_EQ(error.tag, STREAMS_STREAM_ERROR_CLOSED);
	}
	poll_own_pollable_t pollable = streams_method_input_stream_subscribe(in);
	CHECK(poll_method_pollable_ready(poll_borrow_pollable(pollable)));
	poll_pollable_drop_own(pollable);
}

int main(void)
{
	streams_own_input_stream_t stdin_stream = stdin_get_stdin();
	streams_own_output_stream_t stdout_stream = stdout_get_stdout();
	in = streams_borrow_input_stream(stdin_stream);
	out = streams_borrow_output_stream(stdout_stream);

	char bytes[8] = "";
	take((uint8_t *)bytes, 4);
	put(out, bytes);
	put(out, "|");
	skip(4);
	splice(8);
	put(out, "|");
	streams_stream_error_t error;
	CHECK(streams_method_output_stream_blocking_write_zeroes_and_flush(out, 3, &error));
	put(out, "|");
	splice(1000);
	put(out, "|");
	check_that_it_has_ended();

	uint64_t room;
	CHECK(streams_method_output_stream_check_write(out, &room, &error));
	wasip2_list_u8_t nothing = {.ptr = (uint8_t *)bytes, .len = 0};
	CHECK(streams_method_output_stream_write(out, &nothing, &error));
	CHECK(streams_method_output_stream_blocking_flush(out, &error));
	put(out, "ended\n");
	streams_input_stream_drop_own(stdin_stream);
	streams_output_stream_drop_own(stdout_stream);
	return 0;
}
