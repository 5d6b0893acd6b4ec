/* Streams over a file: each has its own place in it, however many there are; a stream that appends writes at the end; a stream that has reached the
 * end of the file stays closed when the file grows, and a new one reads on; an error of a stream has a code. */
#include "support/p2_fs.h"

static uint32_t root, file;

static uint32_t handle(struct p2_program *component)
{
	CHECK_EQ(fs_result(component, 4), FS_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

static uint32_t reader(struct p2_program *component, uint64_t offset)
{
	hf_p2_read_via_stream(component->b, file, offset, P2_OUT);
	return handle(component);
}

static uint32_t writer(struct p2_program *component, uint64_t offset)
{
	hf_p2_write_via_stream(component->b, file, offset, P2_OUT);
	return handle(component);
}

static void writes(struct p2_program *component, uint32_t stream, const char *text)
{
	hf_p2_output_stream_blocking_write_and_flush(component->b, stream, AT(text), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
}

static void reads(struct p2_program *component, uint32_t stream, uint64_t most, const char *text)
{
	hf_p2_input_stream_read(component->b, stream, most, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	fs_list_is(component, 4, text);
}

static void is_over(struct p2_program *component, uint32_t stream)
{
	hf_p2_input_stream_read(component->b, stream, 10, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), 1); /* closed */
}

static void holds(struct p2_program *component, const char *text)
{
	f_check_text(component->program->fs.root, "f", text);
}

static void places(struct p2_program *component)
{
	uint32_t first = writer(component, 0), second = writer(component, 10), end;
	writes(component, second, "second");
	writes(component, first, "first");
	writes(component, first, " more");
	holds(component, "first moresecond");
	hf_p2_append_via_stream(component->b, file, P2_OUT);
	end = handle(component);
	writes(component, end, "!");
	writes(component, second, "?");
	writes(component, end, "!");
	holds(component, "first moresecond?!");
	/* Readers are ready at once, wherever they are. */
	uint32_t one = reader(component, 0), other = reader(component, 6);
	uint32_t ready = hf_p2_input_stream_subscribe(component->b, one);
	CHECK_EQ(hf_p2_pollable_ready(component->b, ready), 1);
	reads(component, one, 5, "first");
	reads(component, other, 4, "more");
	reads(component, one, 1, " ");
	reads(component, other, 100, "second?!");
	is_over(component, other);
	reads(component, one, 100, "moresecond?!");
	writes(component, end, "grown");
	is_over(component, other);
	reads(component, reader(component, 18), 100, "grown");
	is_over(component, reader(component, INT64_MAX));
	/* An empty read moves nothing. */
	reads(component, reader(component, 0), 0, "");
}

/* A file that cannot grow that far. */
static void errors(struct p2_program *component)
{
	uint32_t stream = writer(component, INT64_MAX);
	hf_p2_output_stream_blocking_write_and_flush(component->b, stream, AT("xx"), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), 0); /* last-operation-failed */
	uint32_t error = peek_u32(component->program, P2_OUT + 8);
	hf_p2_filesystem_error_code(component->b, error, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), FS_FILE_TOO_LARGE);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	file = fs_open(component, root, "f", CREATE, HF_P2_FS_READ | HF_P2_FS_WRITE);
	places(component);
	errors(component);
}

int main(void)
{
	p2_must_return(p2_begin(), guest);
	return done();
}
