/* open-at: which flags a new descriptor has, which combinations are refused, and with which error. The expectations are those of the official suite
 * (filesystem-flags-and-type, filesystem-open-errors), and WIT's. */
#include "support/p2_fs.h"

enum {
	READ = HF_P2_FS_READ,
	WRITE = HF_P2_FS_WRITE,
	MUTATE = HF_P2_FS_MUTATE,
	SYNCS = HF_P2_FS_FILE_SYNC | HF_P2_FS_DATA_SYNC | HF_P2_FS_READ_SYNC,
};

static const struct {
	const char *path;
	uint32_t oflags, flags;
	enum fs_code code;
	uint32_t flags_then;
} rows[] = {
	/* Without the flag to write, a descriptor can read. */
	{"f", 0, READ, FS_OK, READ},
	{"f", 0, 0, FS_OK, READ},
	{"f", EXCLUSIVE, 0, FS_OK, READ},
	{"f", 0, WRITE, FS_OK, WRITE},
	{"f", 0, READ | WRITE, FS_OK, READ | WRITE},
	/* Creating and truncating imply writing. */
	{"f", CREATE, 0, FS_OK, READ | WRITE},
	{"f", CREATE, WRITE, FS_OK, WRITE},
	{"f", TRUNCATE, READ, FS_OK, READ | WRITE},
	{"new", CREATE | EXCLUSIVE, READ, FS_OK, READ | WRITE},
	{"new", CREATE | EXCLUSIVE, READ, FS_EXIST, 0},
	{"none", 0, READ | WRITE, FS_NO_ENTRY, 0},
	{"none", TRUNCATE, WRITE, FS_NO_ENTRY, 0},
	/* Requests to synchronize are kept. */
	{"f", 0, READ | WRITE | SYNCS, FS_OK, READ | WRITE | SYNCS},
	/* mutate-directory applies only to directories; wasi-libc sets it for each file that it opens to write. */
	{"f", 0, WRITE | MUTATE, FS_OK, WRITE},
	{"d", 0, 0, FS_OK, READ},
	{"d", DIRECTORY, MUTATE, FS_OK, READ | MUTATE},
	{".", DIRECTORY, READ | MUTATE, FS_OK, READ | MUTATE},
	{"d", 0, WRITE, FS_IS_DIRECTORY, 0},
	{"d", TRUNCATE, 0, FS_IS_DIRECTORY, 0},
	{"d/", CREATE, 0, FS_IS_DIRECTORY, 0},
	{"f", DIRECTORY, READ, FS_NOT_DIRECTORY, 0},
	{"f/", 0, READ, FS_NOT_DIRECTORY, 0},
	{"f/x", CREATE, WRITE, FS_NOT_DIRECTORY, 0},
	{"d", DIRECTORY | CREATE, 0, FS_INVALID, 0},
	{"d", DIRECTORY | EXCLUSIVE, 0, FS_INVALID, 0},
	{"d", DIRECTORY | TRUNCATE, 0, FS_INVALID, 0},
	/* Flags that WIT does not name are ignored, as in the canonical ABI. */
	{"f", 0xfffffff0, READ | 0xffffffc0, FS_OK, READ},
	/* Paths that lead out of the directory. */
	{"", 0, READ, FS_NO_ENTRY, 0},
	{"/", 0, READ, FS_NOT_PERMITTED, 0},
	{"/f", 0, READ, FS_NOT_PERMITTED, 0},
	{"..", 0, READ, FS_NOT_PERMITTED, 0},
	{"d/../../f", 0, READ, FS_NOT_PERMITTED, 0},
	{"d/../f", 0, READ, FS_OK, READ},
	/* Without symlink-follow. */
	{"link", 0, READ, FS_LOOP, 0},
	{"link", CREATE | EXCLUSIVE, READ, FS_EXIST, 0},
};

static void guest(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/");
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum fs_code code = fs_try_open(component, root, rows[i].path, rows[i].oflags, rows[i].flags);
		CHECK_EQ(code * 100 + (int)i, rows[i].code * 100 + (int)i);
		if (code != FS_OK)
			continue;
		uint32_t opened = peek_u32(component->program, P2_OUT + 4);
		CHECK_EQ(fs_flags(component, opened), rows[i].flags_then);
		fs_drop(component, opened);
	}
	FS_IS(4, hf_p2_open_at(component->b, root, FOLLOW, AT("link"), 0, READ, P2_OUT), FS_OK);
	FS_IS(4, hf_p2_open_at(component->b, root, FOLLOW, AT("out"), 0, READ, P2_OUT), FS_NOT_PERMITTED);
	FS_IS(4, hf_p2_open_at(component->b, root, FOLLOW, AT("loop"), 0, READ, P2_OUT), FS_LOOP);
	/* Not below a file, nor above a directory that was opened. */
	uint32_t file = fs_open(component, root, "f", 0, READ), dir = fs_open(component, root, "d", 0, READ);
	CHECK_EQ(fs_try_open(component, file, "f", 0, READ), FS_NOT_DIRECTORY);
	CHECK_EQ(fs_try_open(component, dir, "../f", 0, READ), FS_NOT_PERMITTED);
	/* A name of 256 bytes, and a path of over 4,096. */
	memset(component->program->guest->memory + P2_FS_BYTES, 'x', 5000);
	FS_IS(4, hf_p2_open_at(component->b, root, 0, P2_FS_BYTES, 256, 0, READ, P2_OUT), FS_NAME_TOO_LONG);
	FS_IS(4, hf_p2_open_at(component->b, root, 0, P2_FS_BYTES, 4097, 0, READ, P2_OUT), FS_NAME_TOO_LONG);
	/* A NUL is valid in a string, but not in a name. */
	poke(component->program, P2_FS_PATH, "f\0g", 3);
	FS_IS(4, hf_p2_open_at(component->b, root, 0, P2_FS_PATH, 3, 0, READ, P2_OUT), FS_INVALID);
}

int main(void)
{
	struct p2_program *component = p2_begin();
	struct hf_vnode *root = component->program->fs.root;
	CHECK_OK(f_put(root, "f", "text"));
	CHECK_OK(f_mkdir(root, "d"));
	CHECK_OK(f_symlink(root, "f", "link"));
	CHECK_OK(f_symlink(root, "../f", "out"));
	CHECK_OK(f_symlink(root, "loop", "loop"));
	p2_must_return(component, guest);
	return done();
}
