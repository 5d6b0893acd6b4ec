/* descriptor.read and write: they work at any offset, independent of a position; which descriptors permit them; and what they return at the end of the file. */
#include "support/p2_fs.h"

static uint32_t root;

static void reads(struct p2_program *component, uint32_t file, uint64_t length, uint64_t offset, const char *text,
                  bool end)
{
	FS_IS(4, hf_p2_descriptor_read(component->b, file, length, offset, P2_OUT), FS_OK);
	fs_list_is(component, 4, text);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 12), end);
}

static void writes(struct p2_program *component, uint32_t file, const char *text, uint64_t offset)
{
	FS_IS(8, hf_p2_descriptor_write(component->b, file, AT(text), offset, P2_OUT), FS_OK);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 8), strlen(text));
}

static void transfers(struct p2_program *component)
{
	uint32_t file = fs_open(component, root, "f", CREATE, HF_P2_FS_READ | HF_P2_FS_WRITE);
	reads(component, file, 10, 0, "", true);
	writes(component, file, "hello, world", 0);
	reads(component, file, 5, 0, "hello", false);
	reads(component, file, 5, 7, "world", false);
	reads(component, file, 6, 7, "world", true);
	reads(component, file, 5, 12, "", true);
	reads(component, file, 5, INT64_MAX, "", true);
	reads(component, file, 0, 0, "", true);
	writes(component, file, "H", 0);
	writes(component, file, "", 100);
	reads(component, file, UINT64_MAX, 0, "Hello, world", true);
	/* A write beyond the end leaves zeros in between. */
	writes(component, file, "!", 14);
	FS_IS(4, hf_p2_descriptor_read(component->b, file, 20, 10, P2_OUT), FS_OK);
	uint32_t count;
	const char *bytes = fs_list(component, 4, &count);
	CHECK_EQ(count, 5);
	CHECK_BYTES(bytes, "ld\0\0!", 5);
	fs_drop(component, file);
}

/* A long read returns fewer bytes, but does not report the end of the file. */
static void is_bounded(struct p2_program *component)
{
	uint32_t file = fs_open(component, root, "long", CREATE, HF_P2_FS_READ | HF_P2_FS_WRITE);
	STATUS(hf_p2_descriptor_set_size(component->b, file, 1 << 20, P2_OUT), FS_OK);
	component->next = P2_HEAP - 4096;
	FS_IS(4, hf_p2_descriptor_read(component->b, file, 1 << 20, 0, P2_OUT), FS_OK);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 8), 65536);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 12), 0);
	component->next = P2_HEAP;
	fs_drop(component, file);
}

static void refuses(struct p2_program *component)
{
	uint32_t reads_only = fs_open(component, root, "f", 0, HF_P2_FS_READ);
	uint32_t writes_only = fs_open(component, root, "f", 0, HF_P2_FS_WRITE);
	FS_IS(8, hf_p2_descriptor_write(component->b, reads_only, AT("x"), 0, P2_OUT), FS_BAD_DESCRIPTOR);
	FS_IS(4, hf_p2_descriptor_read(component->b, writes_only, 1, 0, P2_OUT), FS_BAD_DESCRIPTOR);
	FS_IS(4, hf_p2_descriptor_read(component->b, root, 1, 0, P2_OUT), FS_IS_DIRECTORY);
	FS_IS(8, hf_p2_descriptor_write(component->b, root, AT("x"), 0, P2_OUT), FS_IS_DIRECTORY);
	FS_IS(4, hf_p2_descriptor_read(component->b, reads_only, 1, UINT64_MAX, P2_OUT), FS_INVALID);
	FS_IS(8, hf_p2_descriptor_write(component->b, writes_only, AT("x"), UINT64_MAX, P2_OUT), FS_INVALID);
	FS_IS(8, hf_p2_descriptor_write(component->b, writes_only, AT("xx"), INT64_MAX, P2_OUT), FS_FILE_TOO_LARGE);
	FS_IS(4, hf_p2_read_via_stream(component->b, writes_only, 0, P2_OUT), FS_BAD_DESCRIPTOR);
	FS_IS(4, hf_p2_write_via_stream(component->b, reads_only, 0, P2_OUT), FS_BAD_DESCRIPTOR);
	FS_IS(4, hf_p2_append_via_stream(component->b, reads_only, P2_OUT), FS_BAD_DESCRIPTOR);
	FS_IS(4, hf_p2_read_via_stream(component->b, root, 0, P2_OUT), FS_IS_DIRECTORY);
	FS_IS(4, hf_p2_append_via_stream(component->b, root, P2_OUT), FS_IS_DIRECTORY);
	FS_IS(4, hf_p2_read_via_stream(component->b, reads_only, UINT64_MAX, P2_OUT), FS_INVALID);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	transfers(component);
	is_bounded(component);
	refuses(component);
}

int main(void)
{
	p2_must_return(p2_begin(), guest);
	return done();
}
