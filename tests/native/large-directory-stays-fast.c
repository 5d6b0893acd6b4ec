/* In a directory of very many names, finding, removing and listing take the same time as in a small one, whatever was removed before. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "platform/alloc.h"
#include "support/files.h"

#define NAMES 100000
/* The same number of names in directories a hundredth of that size: with quadratic behaviour the large directory would take about a hundred times as long. */
#define SMALL_ONES 100
#define SLOWER_MOST 15

/* This thread's CPU time in nanoseconds, which does not include what else the machine does. */
static uint64_t cpu_time(void)
{
	struct timespec now;
	CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static size_t name_of(unsigned number, char *name)
{
	return (size_t)sprintf(name, "name-%u", number);
}

static void create(struct hf_vnode *dir, unsigned number)
{
	char name[32];
	struct hf_vnode *out = NULL;
	CHECK_OK(dir->ops->create(dir, name, name_of(number, name), HF_FILETYPE_REGULAR_FILE, &out));
	hf_vnode_unref(out);
}

static void remove_name(struct hf_vnode *dir, unsigned number)
{
	char name[32];
	CHECK_OK(dir->ops->unlink(dir, name, name_of(number, name)));
}

static bool count_one(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	uint64_t *state = context;
	(void)ino, (void)filetype, (void)name, (void)size;
	if (state[1] == 0)
		return false;
	state[0] = next;
	state[1]--;
	return true;
}

/* Reads `count` entries, starting at the cookie. Returns the next cookie. */
static uint64_t read_on(struct hf_vnode *dir, uint64_t cookie, uint64_t count)
{
	uint64_t state[2] = {cookie, count};
	CHECK_OK(dir->ops->readdir(dir, cookie, count_one, state));
	CHECK_EQ(state[1], 0);
	return state[0];
}

/* Runs all operations on a directory of that many names. Returns the CPU time used. */
static uint64_t exercise(unsigned names)
{
	struct fs fs = fs_begin();
	uint64_t start = cpu_time();
	size_t before = hf_alloc_bytes();
	for (unsigned i = 0; i < names; i++)
		create(fs.root, i);
	/* One at a time, from its cookie. */
	uint64_t cookie = 0;
	for (unsigned i = 0; i < names + 2; i++)
		cookie = read_on(fs.root, cookie, 1);
	/* A gap in the middle, and a reader that reaches its edge repeatedly. */
	for (unsigned i = names / 10; i < names / 2; i++)
		remove_name(fs.root, i);
	uint64_t edge = read_on(fs.root, 0, 2 + names / 10);
	for (unsigned i = 0; i < names; i++)
		CHECK(read_on(fs.root, edge, 1) > edge);
	/* Removes names from the front, with a listing from the start after each. */
	for (unsigned i = 0; i < names / 10; i++) {
		remove_name(fs.root, i);
		(void)read_on(fs.root, 0, 3);
	}
	/* Removes almost all names; then one name is repeatedly added and removed. */
	for (unsigned i = names / 2; i < names - 10; i++)
		remove_name(fs.root, i);
	for (unsigned i = 0; i < names; i++) {
		create(fs.root, 0);
		remove_name(fs.root, 0);
	}
	CHECK_EQ(f_check_tree(fs.root), 10);
	CHECK(hf_alloc_bytes() - before < 20000);
	uint64_t took = cpu_time() - start;
	fs_end(&fs);
	return took;
}

int main(void)
{
	uint64_t small = 0;
	for (unsigned i = 0; i < SMALL_ONES; i++)
		small += exercise(NAMES / SMALL_ONES);
	CHECK(exercise(NAMES) < SLOWER_MOST * small);
	return done();
}
