/* A guest that calls whatever it likes, with whatever arguments: the kernel neither crashes nor hangs, loses no memory, lets nothing out
 * of the preopened directories, and changes nothing in a read-only one.
 *
 * The input is a program: one byte chooses a call, then each argument takes a byte that chooses how it is made (a value that is likely
 * to mean something, or the input's own bytes), so that most mutations still are programs. Nothing blocks: the thread has been told
 * to stop before each call, so that every wait ends at once, and is unwound after each call, as a killed guest is. */
#include "platform/alloc.h"
#include "platform/native.h"
#include "support/file_io.h"
#include "support/program.h"

#include "fs/devfs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the input ---- */

static const uint8_t *input;
static size_t left;

static uint8_t take_byte(void)
{
	if (left == 0)
		return 0;
	left--;
	return *input++;
}

static uint64_t take_bytes(unsigned count)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < count; i++)
		value |= (uint64_t)take_byte() << (8 * i);
	return value;
}

/* ---- the guest ---- */

static struct program *program;
static struct fs read_only;

enum {
	TEXTS = 1024, /* texts, 64 bytes apart */
	IOVS = 8192,  /* 16 pieces */
	SUBS = 12288, /* subscriptions */
	OUT = 20480,  /* results */
	DATA = 32768, /* buffers */
};

static const char *const texts[] = {"a",        "b",    "dir",      "dir/a",    "dir/b",      "link",
                                    "loop",     "..",   ".",        "dir/..",   "../a",       "dir/",
                                    "/",        "/a",   "a/b",      "link/a",   "\xc3\xa9",   "\xff",
                                    "dir/link", "file", "dev",      "dev/null", "dev/random", "dev/zero",
                                    "new",      "new/", "dev/full", "up",       "up/..",      "deep/deep/deep",
                                    "a//b/./c", ""};
#define TEXT_COUNT (sizeof texts / sizeof texts[0])

static const uint32_t addresses[] = {0,          4,         OUT,  OUT + 4,   OUT + 64,       IOVS,           IOVS + 8,
                                     SUBS,       SUBS + 48, DATA, DATA + 64, GUEST_SIZE - 8, GUEST_SIZE - 1, GUEST_SIZE,
                                     0xFFFFFFF8, 1};
static const uint32_t sizes[] = {0,  1,   2,    3,    4,    5,     8,     16,     24,         31,
                                 64, 100, 1024, 4096, 4097, 65535, 65536, 100000, 0x7FFFFFFF, 0xFFFFFFFF};
static const uint64_t wides[] = {0,
                                 1,
                                 2,
                                 3,
                                 4,
                                 100,
                                 4095,
                                 65536,
                                 65537,
                                 1 << 20,
                                 UINT64_C(1) << 32,
                                 UINT64_C(1) << 40,
                                 INT64_MAX,
                                 (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX,
                                 UINT64_MAX - 1,
                                 HF_RIGHTS_ALL,
                                 HF_RIGHT_FD_READ,
                                 HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE | HF_RIGHT_FD_SEEK,
                                 READ_WRITE};

#define PICK(table, byte) (table)[(byte) % (sizeof(table) / sizeof(table)[0])]

/* One argument, or for 't' the two of a text. Kinds: f descriptor, p pointer, s size, w 64 bits, x flags, t text. */
static unsigned take_argument(char kind, uint64_t *out)
{
	uint8_t how = take_byte();
	bool raw = how >= 240;
	switch (kind) {
	case 'f':
		out[0] = raw ? take_bytes(4) : how % 16;
		return 1;
	case 'p':
		out[0] = raw ? take_bytes(3) : PICK(addresses, how);
		return 1;
	case 's':
		out[0] = raw ? take_bytes(2) : PICK(sizes, how);
		return 1;
	case 'w':
		out[0] = raw ? take_bytes(8) : PICK(wides, how);
		return 1;
	case 't':
		out[0] = raw ? take_bytes(2) : TEXTS + 64 * (how % TEXT_COUNT);
		out[1] = raw ? take_byte() : strlen(texts[how % TEXT_COUNT]);
		return 2;
	default:
		out[0] = raw ? take_bytes(4) : how % 64;
		return 1;
	}
}

/* ---- the calls ---- */

#define A(n) ((uint32_t)a[n])
#define CALLS(X)                                                                   \
	X(args_get, "pp", A(0), A(1))                                                  \
	X(args_sizes_get, "pp", A(0), A(1))                                            \
	X(environ_get, "pp", A(0), A(1))                                               \
	X(environ_sizes_get, "pp", A(0), A(1))                                         \
	X(clock_res_get, "xp", A(0), A(1))                                             \
	X(clock_time_get, "xwp", A(0), a[1], A(2))                                     \
	X(fd_advise, "fwwx", A(0), a[1], a[2], A(3))                                   \
	X(fd_allocate, "fww", A(0), a[1], a[2])                                        \
	X(fd_close, "f", A(0))                                                         \
	X(fd_datasync, "f", A(0))                                                      \
	X(fd_fdstat_get, "fp", A(0), A(1))                                             \
	X(fd_fdstat_set_flags, "fx", A(0), A(1))                                       \
	X(fd_fdstat_set_rights, "fww", A(0), a[1], a[2])                               \
	X(fd_filestat_get, "fp", A(0), A(1))                                           \
	X(fd_filestat_set_size, "fw", A(0), a[1])                                      \
	X(fd_filestat_set_times, "fwwx", A(0), a[1], a[2], A(3))                       \
	X(fd_pread, "fpxwp", A(0), A(1), A(2), a[3], A(4))                             \
	X(fd_prestat_get, "fp", A(0), A(1))                                            \
	X(fd_prestat_dir_name, "fps", A(0), A(1), A(2))                                \
	X(fd_pwrite, "fpxwp", A(0), A(1), A(2), a[3], A(4))                            \
	X(fd_read, "fpxp", A(0), A(1), A(2), A(3))                                     \
	X(fd_readdir, "fpswp", A(0), A(1), A(2), a[3], A(4))                           \
	X(fd_renumber, "ff", A(0), A(1))                                               \
	X(fd_seek, "fwxp", A(0), a[1], A(2) % 4, A(3))                                 \
	X(fd_sync, "f", A(0))                                                          \
	X(fd_tell, "fp", A(0), A(1))                                                   \
	X(fd_write, "fpxp", A(0), A(1), A(2), A(3))                                    \
	X(path_create_directory, "ft", A(0), A(1), A(2))                               \
	X(path_filestat_get, "fxtp", A(0), A(1), A(2), A(3), A(4))                     \
	X(path_filestat_set_times, "fxtwwx", A(0), A(1), A(2), A(3), a[4], a[5], A(6)) \
	X(path_link, "fxtft", A(0), A(1), A(2), A(3), A(4), A(5), A(6))                \
	X(path_open, "fxtxwwxp", A(0), A(1), A(2), A(3), A(4), a[5], a[6], A(7), A(8)) \
	X(path_readlink, "ftpsp", A(0), A(1), A(2), A(3), A(4), A(5))                  \
	X(path_remove_directory, "ft", A(0), A(1), A(2))                               \
	X(path_rename, "ftft", A(0), A(1), A(2), A(3), A(4), A(5))                     \
	X(path_symlink, "tft", A(0), A(1), A(2), A(3), A(4))                           \
	X(path_unlink_file, "ft", A(0), A(1), A(2))                                    \
	X(poll_oneoff, "ppxp", A(0), A(1), A(2), A(3))                                 \
	X(proc_raise, "x", A(0))                                                       \
	X(random_get, "ps", A(0), A(1))                                                \
	X(sock_recv, "fpxxpp", A(0), A(1), A(2), A(3), A(4), A(5))                     \
	X(sock_send, "fpxxp", A(0), A(1), A(2), A(3), A(4))                            \
	X(sock_shutdown, "fx", A(0), A(1))

#define DEFINE(name, kinds, ...)                 \
	static uint32_t p1_##name(const uint64_t *a) \
	{                                            \
		return hf_p1_##name(__VA_ARGS__);        \
	}                                            \
	static uint32_t un_##name(const uint64_t *a) \
	{                                            \
		return hf_un_##name(__VA_ARGS__);        \
	}
CALLS(DEFINE)

static uint32_t exit_process(const uint64_t *a)
{
	hf_p1_proc_exit(A(0));
	return 0;
}

static const struct {
	const char *kinds;
	uint32_t (*call)(const uint64_t *a);
} calls[] = {
#define ROW(name, kinds, ...) {kinds, p1_##name}, {kinds, un_##name},
	CALLS(ROW){"x", exit_process},
};

static uint32_t chosen;
static uint64_t arguments[16];

static void guest(void *context)
{
	(void)context;
	(void)calls[chosen].call(arguments);
}

static void one_call(uint8_t which)
{
	unsigned count = 0;
	chosen = which % (sizeof calls / sizeof calls[0]);
	for (const char *kind = calls[chosen].kinds; *kind; kind++)
		count += take_argument(*kind, arguments + count);
	CHECK(count <= 16);
	atomic_store(&program->thread->stop, 1);
	CHECK_EQ(hf_native_enter(guest, NULL), 1);
	CHECK_EQ(atomic_load(&program->thread->door), HF_UNWINDING);
	atomic_store(&program->thread->door, HF_IN_GUEST);
}

/* What a guest's code does between calls: it writes into its memory. */
static void write_memory(void)
{
	uint64_t address;
	(void)take_argument('p', &address);
	for (uint8_t size = take_byte() % 64; size > 0; size--)
		program->guest->memory[address++ % GUEST_SIZE] = (char)take_byte();
}

static void write_piece(void)
{
	uint64_t buffer, size;
	uint32_t index = take_byte() % 16;
	(void)take_argument('p', &buffer);
	(void)take_argument('s', &size);
	poke_iov(program, IOVS + 8 * index, (uint32_t)buffer, (uint32_t)size);
}

/* ---- before and after ---- */

static void make_tree(struct hf_vnode *root)
{
	CHECK_OK(f_mkdir(root, "/dir"));
	CHECK_OK(f_put(root, "/a", "text of a"));
	CHECK_OK(f_put(root, "/dir/a", "text of dir/a"));
	CHECK_OK(f_symlink(root, "dir", "/link"));
	CHECK_OK(f_symlink(root, "loop", "/loop"));
	CHECK_OK(f_symlink(root, "..", "/up"));
}

/* Descriptor 3 is "/box" of a tree whose other names must stay as they are, 4 is a tree of its own, read-only. */
static void begin(void)
{
	struct hf_vnode *box;
	struct hf_file *file;
	hf_alloc_set_limit(4 << 20);
	program = program_begin();
	read_only = fs_begin();
	make_tree(read_only.root);
	CHECK_OK(f_put(program->fs.root, "/secret", "secret"));
	CHECK_OK(f_mkdir(program->fs.root, "/box"));
	CHECK_OK(f_open(program->fs.root, "/box", F_DIRECTORY, &box));
	make_tree(box);
	CHECK_OK(hf_devfs_populate(box));
	CHECK_OK(hf_fd_close(&program->process->fds, 3));
	file = d_open(box, HF_READ, 0);
	CHECK_EQ(hf_fd_insert_preopen(&program->process->fds, file, "/", 1, HF_RIGHTS_ALL, HF_RIGHTS_ALL), 3);
	hf_vnode_unref(box);
	file = d_open(read_only.root, HF_READ, 0);
	file->read_only_tree = true;
	CHECK_EQ(hf_fd_insert_preopen(&program->process->fds, file, "/ro", 3, HF_RIGHTS_ALL, HF_RIGHTS_ALL), 4);

	for (uint32_t i = 0; i < TEXT_COUNT; i++)
		(void)poke_text(program, TEXTS + 64 * i, texts[i]);
	for (uint32_t i = 0; i < 16; i++)
		poke_iov(program, IOVS + 8 * i, DATA + 100 * i, 10 * i);
	CHECK_EQ(program_feed(program, "the bytes of standard input", 27), 27);
}

static void check_names(struct hf_vnode *root, const char *expected)
{
	char names[256];
	f_list(root, names, sizeof names);
	CHECK(strcmp(names, expected) == 0);
}

static void end(void)
{
	uint32_t fds = hf_fd_count(&program->process->fds);
	CHECK(fds <= program->process->limits.fds);
	atomic_store(&program->thread->stop, 0);
	struct hf_vnode *root = hf_vnode_ref(program->fs.root);
	check_names(root, ". .. secret box ");
	f_check_text(root, "/secret", "secret");
	(void)f_check_tree(root);
	hf_vnode_unref(root);
	check_names(read_only.root, ". .. dir a link loop up ");
	f_check_text(read_only.root, "/a", "text of a");
	f_check_text(read_only.root, "/dir/a", "text of dir/a");
	CHECK_EQ(f_check_tree(read_only.root), 6);
	fs_end(&read_only);
	program_end(program);
	(void)done();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	begin();
	for (int calls_left = 200; left > 0 && calls_left > 0; calls_left--) {
		uint8_t what = take_byte();
		if (what == 255)
			write_memory();
		else if (what == 254)
			write_piece();
		else
			one_call(what);
	}
	end();
	return 0;
}
