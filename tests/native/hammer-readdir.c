/* Readers list a directory in small steps while others add and remove names as fast as they can: each pass lists every name that stays exactly
 * once. */
#include "support/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define STAYING 100
#define PASSING 200 /* a thread */

static struct budget budget = {.milliseconds = 1200};
static struct hf_vnode *dir;
static _Atomic uint32_t readings;

struct reader {
	uint64_t cookie;
	uint32_t room, taken;
	uint8_t seen[STAYING];
};

static bool take(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	struct reader *reader = context;
	char text[16];
	(void)ino, (void)filetype;
	if (reader->taken == reader->room)
		return false;
	CHECK(next > reader->cookie && size < sizeof text);
	reader->cookie = next;
	reader->taken++;
	memcpy(text, name, size);
	text[size] = 0;
	if (text[0] == 's')
		CHECK_EQ(reader->seen[atoi(text + 1)]++, 0);
	return true;
}

static void read_all(uint64_t *seed)
{
	struct reader reader = {.cookie = 0};
	do {
		reader.taken = 0;
		reader.room = 1 + random_below(seed, 40);
		CHECK_OK(dir->ops->readdir(dir, reader.cookie, take, &reader));
	} while (reader.taken > 0 && time_left(&budget));
	if (reader.taken > 0)
		return;
	for (int i = 0; i < STAYING; i++)
		CHECK_EQ(reader.seen[i], 1);
	atomic_fetch_add(&readings, 1);
}

static void change(unsigned number, uint64_t *seed)
{
	char name[16], other[16];
	struct hf_vnode *out = NULL;
	snprintf(name, sizeof name, "x%u-%u", number, random_below(seed, PASSING));
	snprintf(other, sizeof other, "x%u-%u", number, random_below(seed, PASSING));
	switch (random_below(seed, 3)) {
	case 0:
		(void)dir->ops->unlink(dir, name, strlen(name));
		break;
	case 1:
		(void)dir->ops->rename(dir, name, strlen(name), dir, other, strlen(other));
		break;
	default:
		if (dir->ops->create(dir, name, strlen(name), HF_FILETYPE_REGULAR_FILE, &out) == 0)
			hf_vnode_unref(out);
	}
}

static void read_or_change(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	while (time_left(&budget)) {
		if (number < THREADS / 2)
			read_all(&seed);
		else
			change(number, &seed);
	}
}

int main(void)
{
	struct fs fs = fs_begin();
	char name[16];
	CHECK_OK(f_mkdir(fs.root, "dir"));
	CHECK_OK(f_open(fs.root, "dir", 0, &dir));
	for (int i = 0; i < STAYING; i++) {
		snprintf(name, sizeof name, "dir/s%d", i);
		CHECK_OK(f_put(fs.root, name, ""));
	}
	in_threads(THREADS, read_or_change, NULL);
	CHECK(readings > 0);
	f_check_tree(fs.root);
	hf_vnode_unref(dir);
	fs_end(&fs);
	return done();
}
