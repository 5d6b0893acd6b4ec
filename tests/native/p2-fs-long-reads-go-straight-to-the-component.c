/* A read of many bytes of a file needs no kernel memory: realloc comes first, with the exact size, and then the bytes. If the file is truncated in
 * between, the rest of the list is zeros. */
#include "support/p2_fs.h"

#include "platform/alloc.h"
#include "support/files.h"

#define LONG 10000u

static uint32_t root, file;
static size_t in_use;

static uint32_t place(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	(void)component, (void)alignment;
	CHECK_EQ(size, LONG);
	CHECK_EQ(hf_alloc_bytes(), in_use);
	return P2_HEAP;
}

static uint32_t truncates(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	uint32_t at = place(component, alignment, size);
	memset(component->program->guest->memory + at, '?', size);
	CHECK_EQ(f_truncate(component->program->fs.root, "f", 3), 0);
	return at;
}

static void fill(struct p2_program *component)
{
	static const char contents[LONG] = "abcdefgh";
	memcpy(component->program->guest->memory + P2_FS_BYTES, contents, LONG);
	FS_IS(8, hf_p2_descriptor_write(component->b, file, P2_FS_BYTES, LONG, 0, P2_OUT), FS_OK);
}

/* Reads the whole file with descriptor.read or a stream, and checks the list. */
static void reads(struct p2_program *component, uint32_t (*realloc)(struct p2_program *, uint32_t, uint32_t),
                  uint32_t stream, const char *text)
{
	static const char zeros[LONG];
	const char *bytes = (const char *)component->program->guest->memory + P2_HEAP;
	fill(component);
	in_use = hf_alloc_bytes();
	component->realloc = realloc;
	if (stream)
		hf_p2_input_stream_read(component->b, stream, 1 << 20, P2_OUT);
	else
		hf_p2_descriptor_read(component->b, file, 1 << 20, 0, P2_OUT);
	component->realloc = NULL;
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 4), P2_HEAP);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 8), LONG);
	if (!stream)
		CHECK_EQ(peek_u8(component->program, P2_OUT + 12), true);
	CHECK_BYTES(bytes, text, strlen(text));
	CHECK_BYTES(bytes + strlen(text), zeros, LONG - (uint32_t)strlen(text));
}

static uint32_t stream_over(struct p2_program *component)
{
	FS_IS(4, hf_p2_read_via_stream(component->b, file, 0, P2_OUT), FS_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	file = fs_open(component, root, "f", CREATE, HF_P2_FS_READ | HF_P2_FS_WRITE);
	reads(component, place, 0, "abcdefgh");
	reads(component, truncates, 0, "abc");
	uint32_t stream = stream_over(component);
	reads(component, place, stream, "abcdefgh");
	/* The stream is now at the end of the file. A new one reads while the file becomes shorter. */
	hf_p2_input_stream_read(component->b, stream, 1 << 20, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	reads(component, truncates, stream_over(component), "abc");
}

int main(void)
{
	p2_must_return(p2_begin(), guest);
	return done();
}
