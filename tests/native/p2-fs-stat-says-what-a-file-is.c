/* stat, stat-at, set-times, set-size, metadata-hash, is-same-object, advise and sync. */
#include "support/p2_fs.h"

static uint32_t root;

/* descriptor-stat at P2_OUT + 8. */
enum { TYPE = 8, LINKS = 16, SIZE = 24, ATIM = 32, MTIM = 56, CTIM = 80 };

static void time_is(struct p2_program *component, uint32_t at, uint64_t seconds, uint32_t nanoseconds)
{
	CHECK_EQ(peek_u8(component->program, P2_OUT + at), 1);
	CHECK_EQ(peek_u64(component->program, P2_OUT + at + 8), seconds);
	CHECK_EQ(peek_u32(component->program, P2_OUT + at + 16), nanoseconds);
}

static void stat_is(struct p2_program *component, uint8_t type, uint64_t links, uint64_t size)
{
	CHECK_EQ(peek_u8(component->program, P2_OUT + TYPE), type);
	CHECK_EQ(peek_u64(component->program, P2_OUT + LINKS), links);
	CHECK_EQ(peek_u64(component->program, P2_OUT + SIZE), size);
}

#define STAT_AT(flags, path, code) FS_IS(8, hf_p2_stat_at(component->b, root, flags, AT(path), P2_OUT), code)

static void attributes(struct p2_program *component)
{
	enum { UNKNOWN, BLOCK, CHARACTER, A_DIRECTORY, FIFO, SYMBOLIC_LINK, REGULAR_FILE, SOCKET };
	STAT_AT(0, "f", FS_OK);
	stat_is(component, REGULAR_FILE, 1, 4);
	STAT_AT(0, "link", FS_OK);
	stat_is(component, SYMBOLIC_LINK, 1, 1);
	STAT_AT(FOLLOW, "link", FS_OK);
	stat_is(component, REGULAR_FILE, 1, 4);
	STAT_AT(0, "d", FS_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + TYPE), A_DIRECTORY);
	STAT_AT(0, "", FS_NO_ENTRY);
	STAT_AT(0, "..", FS_NOT_PERMITTED);
	STAT_AT(0, "/f", FS_NOT_PERMITTED);
	STAT_AT(0, "f/", FS_NOT_DIRECTORY);
	FS_IS(8, hf_p2_descriptor_stat(component->b, root, P2_OUT), FS_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + TYPE), A_DIRECTORY);
	STATUS(hf_p2_descriptor_get_type(component->b, root, P2_OUT), FS_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 1), A_DIRECTORY);
}

static void times(struct p2_program *component, uint32_t file)
{
	STATUS(hf_p2_set_times_at(component->b, root, 0, AT("f"), TIME(42, 7), TIME(69, 999999999), P2_OUT), FS_OK);
	FS_IS(8, hf_p2_descriptor_stat(component->b, file, P2_OUT), FS_OK);
	time_is(component, ATIM, 42, 7);
	time_is(component, MTIM, 69, 999999999);
	CHECK(peek_u64(component->program, P2_OUT + CTIM + 8) > 69);
	STATUS(hf_p2_descriptor_set_times(component->b, file, NO_CHANGE, TIME(70, 0), P2_OUT), FS_OK);
	FS_IS(8, hf_p2_descriptor_stat(component->b, file, P2_OUT), FS_OK);
	time_is(component, ATIM, 42, 7);
	time_is(component, MTIM, 70, 0);
	STATUS(hf_p2_descriptor_set_times(component->b, file, NOW, NO_CHANGE, P2_OUT), FS_OK);
	FS_IS(8, hf_p2_descriptor_stat(component->b, file, P2_OUT), FS_OK);
	CHECK(peek_u64(component->program, P2_OUT + ATIM + 8) > 42);
	time_is(component, MTIM, 70, 0);
	/* The times of the link itself. */
	STATUS(hf_p2_set_times_at(component->b, root, 0, AT("link"), TIME(1, 1), NO_CHANGE, P2_OUT), FS_OK);
	FS_IS(8, hf_p2_descriptor_stat(component->b, file, P2_OUT), FS_OK);
	CHECK(peek_u64(component->program, P2_OUT + ATIM + 8) > 42);
	STATUS(hf_p2_set_times_at(component->b, root, 0, AT("z"), NOW, NOW, P2_OUT), FS_NO_ENTRY);
	STATUS(hf_p2_descriptor_set_times(component->b, file, TIME(0, 1000000000), NOW, P2_OUT), FS_INVALID);
	STATUS(hf_p2_descriptor_set_times(component->b, file, NOW, TIME(UINT64_MAX, 0), P2_OUT), FS_OVERFLOW);
	STATUS(hf_p2_descriptor_set_times(component->b, file, TIME(UINT64_MAX / 1000000000, 709551615), NO_CHANGE, P2_OUT),
	       FS_OK);
	FS_IS(8, hf_p2_descriptor_stat(component->b, file, P2_OUT), FS_OK);
	time_is(component, ATIM, UINT64_MAX / 1000000000, 709551615);
}

static void size(struct p2_program *component, uint32_t file)
{
	STATUS(hf_p2_descriptor_set_size(component->b, file, 10, P2_OUT), FS_OK);
	STAT_AT(0, "f", FS_OK);
	CHECK_EQ(peek_u64(component->program, P2_OUT + SIZE), 10);
	STATUS(hf_p2_descriptor_set_size(component->b, file, UINT64_MAX, P2_OUT), FS_FILE_TOO_LARGE);
	STATUS(hf_p2_descriptor_set_size(component->b, root, 0, P2_OUT), FS_IS_DIRECTORY);
	STATUS(hf_p2_descriptor_set_size(component->b, file, 4, P2_OUT), FS_OK);
}

struct hash {
	uint64_t lower, upper;
};

static struct hash hash_at(struct p2_program *component, uint32_t flags, const char *path)
{
	FS_IS(8, hf_p2_metadata_hash_at(component->b, root, flags, AT(path), P2_OUT), FS_OK);
	return (struct hash){peek_u64(component->program, P2_OUT + 8), peek_u64(component->program, P2_OUT + 16)};
}

static void hashes(struct p2_program *component, uint32_t file)
{
	struct hash before = hash_at(component, 0, "f"), same = hash_at(component, FOLLOW, "link");
	CHECK(before.lower == same.lower && before.upper == same.upper);
	FS_IS(8, hf_p2_metadata_hash(component->b, file, P2_OUT), FS_OK);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 8), before.lower);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 16), before.upper);
	struct hash other = hash_at(component, 0, "g");
	CHECK(other.lower != before.lower && other.upper != before.upper);
	/* A change of the file changes the upper half; the lower half still identifies the file. */
	STATUS(hf_p2_descriptor_set_size(component->b, file, 5, P2_OUT), FS_OK);
	struct hash after = hash_at(component, 0, "f");
	CHECK(after.lower == before.lower && after.upper != before.upper);
	FS_IS(8, hf_p2_metadata_hash_at(component->b, root, 0, AT("/"), P2_OUT), FS_NOT_PERMITTED);
}

static void sameness(struct p2_program *component, uint32_t file)
{
	STATUS(hf_p2_link_at(component->b, root, 0, AT("f"), root, TO("h"), P2_OUT), FS_OK);
	uint32_t linked = fs_open(component, root, "h", 0, 0), other = fs_open(component, root, "g", 0, 0);
	CHECK_EQ(hf_p2_is_same_object(component->b, file, file), 1);
	CHECK_EQ(hf_p2_is_same_object(component->b, file, linked), 1);
	CHECK_EQ(hf_p2_is_same_object(component->b, file, other), 0);
	CHECK_EQ(hf_p2_is_same_object(component->b, file, root), 0);
}

static void rest(struct p2_program *component, uint32_t file)
{
	for (uint32_t advice = 0; advice <= 5; advice++)
		STATUS(hf_p2_descriptor_advise(component->b, file, 0, 1 << 20, advice, P2_OUT), FS_OK);
	STATUS(hf_p2_descriptor_advise(component->b, root, 0, 0, 0, P2_OUT), FS_BAD_DESCRIPTOR);
	STATUS(hf_p2_descriptor_advise(component->b, file, UINT64_MAX, 0, 0, P2_OUT), FS_INVALID);
	STATUS(hf_p2_descriptor_sync(component->b, file, P2_OUT), FS_OK);
	STATUS(hf_p2_descriptor_sync_data(component->b, file, P2_OUT), FS_OK);
	STATUS(hf_p2_descriptor_sync(component->b, root, P2_OUT), FS_OK);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	uint32_t file = fs_open(component, root, "f", 0, HF_P2_FS_READ | HF_P2_FS_WRITE);
	attributes(component);
	times(component, file);
	size(component, file);
	hashes(component, file);
	sameness(component, file);
	rest(component, file);
}

int main(void)
{
	struct p2_program *component = p2_begin();
	struct hf_vnode *top = component->program->fs.root;
	CHECK_OK(f_put(top, "f", "text"));
	CHECK_OK(f_put(top, "g", "text"));
	CHECK_OK(f_mkdir(top, "d"));
	CHECK_OK(f_symlink(top, "f", "link"));
	p2_must_return(component, guest);
	return done();
}
