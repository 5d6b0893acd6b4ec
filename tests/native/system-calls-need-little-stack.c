/* The deepest system call uses less than 8 KiB of stack: workers have 64 KiB for the kernel's (coordinator/pool.c). The test fills the stack below
 * with a pattern and measures how much of it stays intact. Unoptimised and sanitized builds use several times as much stack, so they only run the calls. */
#include "fs/devfs.h"
#include "support/program.h"

#include <stdio.h>
#include <string.h>

#define PAINTED 131072
#define MOST 8192

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { OUT = 64, SUBS = 8192, EVENTS = 16384, BUFFER = 32768 };

static struct program *program;
static char deep_path[2048];

static void call_path_open(void)
{
	uint32_t size = poke_text(program, 1024, deep_path);
	CHECK_ERR(hf_p1_path_open(3, 1, 1024, size, HF_OFLAG_CREAT, READ_WRITE, 0, 0, OUT), 0);
}

static void call_rename(void)
{
	uint32_t size = poke_text(program, 1024, deep_path);
	CHECK_ERR(hf_p1_path_rename(3, 1024, size, 3, 1024, size), 0);
}

static void call_poll(void)
{
	memset(program->guest->memory + SUBS, 0, 8 * 48);
	CHECK_ERR(hf_p1_poll_oneoff(SUBS, EVENTS, 8, OUT), 0);
}

static void call_poll_of_old(void)
{
	memset(program->guest->memory + SUBS, 0, 8 * 56);
	CHECK_ERR(hf_un_poll_oneoff(SUBS, EVENTS, 8, OUT), 0);
}

static void call_write_file(void)
{
	poke_iov(program, 256, 0, 100000);
	CHECK_ERR(hf_p1_fd_pwrite(4, 256, 1, UINT64_C(1) << 40, OUT), 0);
}

static void call_cut_file(void)
{
	CHECK_ERR(hf_p1_fd_filestat_set_size(4, 0), 0);
}

static void call_write_stream(void)
{
	poke_iov(program, 256, 0, 1000);
	CHECK_ERR(hf_p1_fd_write(1, 256, 1, OUT), 0);
}

static void call_random(void)
{
	CHECK_ERR(hf_p1_random_get(BUFFER, 50000), 0);
}

static void call_read_random(void)
{
	poke_iov(program, 256, BUFFER, 50000);
	CHECK_ERR(hf_p1_fd_read(5, 256, 1, OUT), 0);
}

static void call_readdir(void)
{
	CHECK_ERR(hf_p1_fd_readdir(3, BUFFER, 4096, 0, OUT), 0);
}

static void call_close(void)
{
	CHECK_ERR(hf_p1_fd_close(4), 0);
}

/* Returns how far down the stack the call wrote. */
__attribute__((noinline)) static uint32_t depth_of(void (*call)(void))
{
	volatile char *here = __builtin_frame_address(0);
	volatile char *lowest = here - PAINTED;
	if (SANITIZED) {
		call();
		return 0;
	}
	for (volatile char *at = lowest; at < here - 256; at++)
		*at = (char)0xA5;
	call();
	while (lowest < here && *lowest == (char)0xA5)
		lowest++;
	return (uint32_t)(here - lowest);
}

static void make_tree(void)
{
	struct hf_vnode *root = program->fs.root;
	char path[200] = "";
	for (int i = 0; i < 30; i++)
		CHECK_OK(f_mkdir(root, strcat(path, "/d")));
	/* Through forty links, and down again. */
	CHECK_OK(f_symlink(root, ".", "/l"));
	for (int i = 0; i < 39; i++)
		strcat(deep_path, "l/");
	strcat(deep_path, path + 1);
	strcat(deep_path, "/new");
}

int main(void)
{
	static const struct {
		const char *name;
		void (*call)(void);
	} calls[] = {
		{"path_open", call_path_open},   {"path_rename", call_rename},
		{"poll_oneoff", call_poll},      {"poll_oneoff (unstable)", call_poll_of_old},
		{"fd_pwrite", call_write_file},  {"fd_filestat_set_size", call_cut_file},
		{"fd_write", call_write_stream}, {"random_get", call_random},
		{"fd_read", call_read_random},   {"fd_readdir", call_readdir},
		{"fd_close", call_close},
	};
	program = program_begin();
	make_tree();
	CHECK_OK(hf_devfs_populate(program->fs.root));
	CHECK_EQ(open_path(program, "file", HF_OFLAG_CREAT, READ_WRITE, 0), 4);
	CHECK_EQ(open_path(program, "dev/random", 0, HF_RIGHT_FD_READ, 0), 5);
	for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		uint32_t depth = depth_of(calls[i].call);
		printf("%-24s %u bytes\n", calls[i].name, depth);
		CHECK(depth < MOST);
	}
	program_end(program);
	return done();
}
