/* Each system call that allocates, with each of its allocations failing in turn: the call returns an errno, leaks nothing and changes nothing, except
 * that path_open may have created the file that it then had no memory to open; with enough memory the call succeeds. */
#include "platform/alloc.h"
#include "support/program.h"
#include "support/sockets.h"

#include "wasi/sys.h"

#include <string.h>

enum { OUT = 64, SUBS = 32768, EVENTS = 65536 };

static struct program *program;

static uint32_t open_at(const char *path, uint32_t oflags, uint32_t dirflags)
{
	uint32_t size = poke_text(program, 1024, path);
	return hf_p1_path_open(3, dirflags, 1024, size, oflags, READ_WRITE, 0, 0, OUT);
}

static uint32_t open_existing(void)
{
	return open_at("dir/file", 0, 0);
}

static uint32_t open_data(void)
{
	return open_at("data", 0, 0);
}

static uint32_t create(void)
{
	return open_at("dir/new", HF_OFLAG_CREAT, 0);
}

static uint32_t create_through_links(void)
{
	return open_at("to-dir/to-newer", HF_OFLAG_CREAT, HF_LOOKUP_SYMLINK_FOLLOW);
}

static uint32_t make_directory(void)
{
	return hf_p1_path_create_directory(3, 1024, poke_text(program, 1024, "to-dir/made"));
}

static uint32_t make_symlink(void)
{
	uint32_t size = poke_text(program, 2048, "some/target");
	return hf_p1_path_symlink(2048, size, 3, 1024, poke_text(program, 1024, "to-dir/symlink"));
}

static uint32_t make_link(void)
{
	uint32_t size = poke_text(program, 2048, "to-dir/file");
	return hf_p1_path_link(3, 0, 2048, size, 3, 1024, poke_text(program, 1024, "hard-link"));
}

static uint32_t rename_file(void)
{
	uint32_t size = poke_text(program, 2048, "dir/file");
	return hf_p1_path_rename(3, 2048, size, 3, 1024, poke_text(program, 1024, "dir/a-much-longer-name-than-before"));
}

static uint32_t read_link(void)
{
	return hf_p1_path_readlink(3, 1024, poke_text(program, 1024, "to-dir/to-newer"), 2048, 10, OUT);
}

static uint32_t set_times(void)
{
	return hf_p1_path_filestat_set_times(3, 0, 1024, poke_text(program, 1024, "to-dir/a-much-longer-name-than-before"),
	                                     1, 2, HF_FST_MTIM);
}

static uint32_t unlink_file(void)
{
	return hf_p1_path_unlink_file(3, 1024, poke_text(program, 1024, "to-dir/symlink"));
}

static uint32_t remove_directory(void)
{
	return hf_p1_path_remove_directory(3, 1024, poke_text(program, 1024, "to-dir/made"));
}

/* A path so deep that the walk has to allocate memory for its directories. */
static uint32_t walk_deep(void)
{
	char path[200] = "";
	for (int i = 0; i < 40; i++)
		strcat(path, "d/");
	return hf_p1_path_filestat_get(3, 0, 1024, poke_text(program, 1024, path), OUT);
}

static uint32_t poll_many(void)
{
	for (uint32_t i = 0; i < 300; i++) {
		struct {
			uint64_t userdata;
			uint32_t tag, pad;
			uint32_t fd, rest[7];
		} sub = {.userdata = i, .tag = 1 + i % 2, .fd = i % 2};
		_Static_assert(sizeof sub == 48, "a subscription");
		poke(program, SUBS + i * 48, &sub, sizeof sub);
	}
	return hf_p1_poll_oneoff(SUBS, EVENTS, 300, OUT);
}

static uint32_t write_file(void)
{
	poke_iov(program, 256, 0, 100000);
	return hf_p1_fd_pwrite(4, 256, 1, 70000, OUT);
}

static uint32_t allocate(void)
{
	return hf_p1_fd_allocate(4, 1 << 20, 100000);
}

/* `file`: the file that the call creates, or NULL. */
static void check(const char *name, uint32_t (*call)(void), bool open, const char *file)
{
	for (uint32_t allowed = 0;; allowed++) {
		size_t blocks = hf_alloc_blocks();
		uint32_t fds = hf_fd_count(&program->process->fds);
		hf_alloc_fail_after(allowed);
		uint32_t result = call();
		hf_alloc_fail_after(UINT32_MAX);
		if (result == 0) {
			CHECK_EQ(hf_fd_count(&program->process->fds), fds + open);
			CHECK(allowed > 0);
			break;
		}
		if (result != HF_ENOMEM && result != HF_ENOSPC)
			check_err(__FILE__, __LINE__, name, result, HF_ENOMEM);
		CHECK_EQ(hf_fd_count(&program->process->fds), fds);
		if (file)
			(void)f_unlink(program->fs.root, file);
		CHECK_EQ(hf_alloc_blocks(), blocks);
	}
}

#define CHECK_CALL(call, open) check(#call, call, open, NULL)
#define CHECK_CREATE(call, file) check(#call, call, true, file)

/* A connection is not lost when there is no memory for its description, or for a table with one more descriptor. */
static void accept_connections(void)
{
	struct hf_listener *listener = listen_on(80);
	struct hf_file *file;
	CHECK_OK(hf_file_open_listener(listener, &file));
	int fd = hf_fd_insert(&program->process->fds, file, HF_RIGHTS_STREAM | HF_RIGHT_SOCK_ACCEPT, HF_RIGHTS_SOCKET);
	uint32_t failures = 0;
	for (int i = 0; i < 20; i++) {
		struct hf_socket *peer = connect_to(80);
		uint32_t result = HF_ENOMEM;
		for (uint32_t allowed = 0; result != 0; allowed++) {
			hf_alloc_fail_after(allowed);
			result = hf_p1_sock_accept((uint32_t)fd, 0, OUT);
			hf_alloc_fail_after(UINT32_MAX);
			CHECK(result == 0 || result == HF_ENOMEM);
			CHECK_EQ(hf_listener_poll(listener, NULL), result == 0 ? 0 : 1);
			failures += result != 0;
		}
		char byte;
		CHECK_ERR(s_read(peer, &byte, 1), -HF_EAGAIN);
		hf_socket_close(peer);
	}
	CHECK_EQ(failures, 20 + 1); /* one for each description, and one when the table grows */
	for (int accepted = fd + 1; accepted <= fd + 20; accepted++)
		CHECK_ERR(hf_p1_fd_close((uint32_t)accepted), 0);
	CHECK_ERR(hf_p1_fd_close((uint32_t)fd), 0);
}

static void make_tree(void)
{
	struct hf_vnode *root = program->fs.root;
	char path[200] = "";
	CHECK_OK(f_mkdir(root, "/dir"));
	CHECK_OK(f_put(root, "/dir/file", "text"));
	CHECK_OK(f_symlink(root, "dir", "/to-dir"));
	CHECK_OK(f_symlink(root, "newer", "/dir/to-newer"));
	for (int i = 0; i < 40; i++)
		CHECK_OK(f_mkdir(root, strcat(path, "/d")));
}

int main(void)
{
	program = program_begin();
	make_tree();
	CHECK_EQ(open_path(program, "data", HF_OFLAG_CREAT, READ_WRITE, 0), 4);
	CHECK_CALL(open_existing, true);
	CHECK_CREATE(create, "/dir/new");
	CHECK_CREATE(create_through_links, "/dir/newer");
	CHECK_CALL(make_directory, false);
	CHECK_CALL(make_symlink, false);
	CHECK_CALL(make_link, false);
	CHECK_CALL(rename_file, false);
	CHECK_CALL(read_link, false);
	CHECK_CALL(set_times, false);
	CHECK_CALL(walk_deep, false);
	CHECK_CALL(poll_many, false);
	accept_connections();
	CHECK_CALL(write_file, false);
	CHECK_CALL(allocate, false);
	CHECK_CALL(unlink_file, false);
	CHECK_CALL(remove_directory, false);
	CHECK(f_exists(program->fs.root, "/dir/newer"));
	/* Opens descriptors until the table grows. */
	for (int i = 0; i < 20; i++)
		CHECK_CALL(open_data, true);
	program_end(program);
	return done();
}
