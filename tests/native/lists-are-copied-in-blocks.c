/* Subscriptions, events and directory entries are copied from and to the guest's memory in blocks, and not one by one. */
#include "support/program.h"

#include <stdio.h>
#include <string.h>

#include "wasi/abi.h"

enum { COUNT = 1000, IN = 1024, OUT = 65536, USED = 64, A_BLOCK = 16, A_PATH = 4096 };

static struct program *program;
static void (*copy_in)(void *to, uint32_t from, uint32_t size);
static void (*copy_out)(uint32_t to, const void *from, uint32_t size);
static unsigned copies_in, copies_out;

static void count_in(void *to, uint32_t from, uint32_t size)
{
	copies_in++;
	copy_in(to, from, size);
}

static void count_out(uint32_t to, const void *from, uint32_t size)
{
	copies_out++;
	copy_out(to, from, size);
}

static void count_copies(void)
{
	struct hf_usermem *mem = &program->thread->mem;
	copy_in = mem->copy_in;
	copy_out = mem->copy_out;
	hf_user_bind(mem, count_in, count_out, mem->pages);
}

static void polls(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct wasi_subscription sub = {.userdata = 1000 + i, .tag = HF_EVENTTYPE_FD_WRITE, .u.fd = 1};
		poke(program, IN + i * (uint32_t)sizeof sub, &sub, sizeof sub);
	}
	copies_in = copies_out = 0;
	CHECK_ERR(hf_p1_poll_oneoff(IN, OUT, count, USED), 0);
	CHECK_EQ(copies_in, (count + A_BLOCK - 1) / A_BLOCK);
	CHECK_EQ(copies_out, copies_in + 1);
	CHECK_EQ(peek_u32(program, USED), count);
	for (uint32_t i = 0; i < count; i++)
		CHECK_EQ(peek_u64(program, OUT + i * (uint32_t)sizeof(struct wasi_event)), 1000 + i);
}

static void lists(void)
{
	char path[32];
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof path, "/name-%d", i);
		CHECK_OK(f_put(program->fs.root, path, ""));
	}
	copies_out = 0;
	CHECK_ERR(hf_p1_fd_readdir(3, OUT, GUEST_SIZE - OUT, 0, USED), 0);
	uint32_t used = peek_u32(program, USED), entries = 0;
	for (uint32_t at = OUT; at < OUT + used; entries++)
		at += (uint32_t)sizeof(struct wasi_dirent) + peek_u32(program, at + offsetof(struct wasi_dirent, name_size));
	CHECK_EQ(entries, COUNT + 2);
	CHECK(copies_out <= used / (A_PATH - HF_NAME_MAX) + 2);
}

int main(void)
{
	program = program_begin();
	count_copies();
	for (uint32_t count = 1; count <= 3 * A_BLOCK + 1; count++)
		polls(count);
	polls(COUNT);
	lists();
	program_end(program);
	return done();
}
