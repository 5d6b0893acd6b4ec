/* A directory is read in small steps while names come and go: each name that exists all the time is listed exactly once, in steps of any size. */
#include "support/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAYING 500

/* Accepts `room` entries. */
struct reader {
	uint64_t cookie;
	uint32_t room, taken, total, dots;
	uint8_t seen[STAYING];
};

static bool take(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	struct reader *reader = context;
	char text[HF_NAME_MAX + 1];
	(void)ino;
	if (reader->taken == reader->room)
		return false;
	CHECK(next > reader->cookie);
	reader->cookie = next;
	reader->taken++;
	reader->total++;
	memcpy(text, name, size);
	text[size] = 0;
	if (text[0] == 's') {
		CHECK_EQ(filetype, HF_FILETYPE_REGULAR_FILE);
		CHECK_EQ(reader->seen[atoi(text + 1)]++, 0);
	}
	reader->dots += text[0] == '.';
	return true;
}

/* Returns false at the end. */
static bool step(struct hf_vnode *dir, struct reader *reader)
{
	reader->taken = 0;
	CHECK_OK(dir->ops->readdir(dir, reader->cookie, take, reader));
	return reader->taken > 0;
}

static void make(struct hf_vnode *dir, char kind, unsigned number)
{
	char name[16];
	snprintf(name, sizeof name, "%c%u", kind, number);
	CHECK_OK(f_put(dir, name, ""));
}

static void drop(struct hf_vnode *dir, char kind, unsigned number)
{
	char name[16];
	snprintf(name, sizeof name, "%c%u", kind, number);
	CHECK_OK(f_unlink(dir, name));
}

/* Between steps, `churn` other names are added, and as many of the older ones are removed. */
static void check_churn(unsigned room, unsigned churn)
{
	struct fs fs = fs_begin();
	struct reader reader = {.room = room};
	unsigned born = 0, dead = 0;
	for (unsigned i = 0; i < STAYING; i++) {
		make(fs.root, 's', i);
		for (unsigned j = 0; j < 4; j++)
			make(fs.root, 'x', born++);
	}
	while (step(fs.root, &reader)) {
		for (unsigned i = 0; i < churn; i++)
			drop(fs.root, 'x', dead++);
		/* Fewer are added than removed, or the reader would never reach the end. */
		for (unsigned i = 0; i < churn / 2; i++)
			make(fs.root, 'x', born++);
		if (born - dead < churn)
			churn = 0;
	}
	for (unsigned i = 0; i < STAYING; i++)
		CHECK_EQ(reader.seen[i], 1);
	CHECK_EQ(reader.dots, 2);
	f_check_tree(fs.root);
	fs_end(&fs);
}

/* As rm -r does: read a few, remove them, continue; and alternatively restart each time. */
static void check_removing(bool rewind)
{
	struct fs fs = fs_begin();
	struct reader reader = {.room = 7};
	for (unsigned i = 0; i < STAYING; i++)
		make(fs.root, 's', i);
	unsigned removed = 0;
	while (step(fs.root, &reader)) {
		unsigned before = removed;
		for (unsigned i = 0; i < STAYING; i++) {
			if (reader.seen[i] == 1) {
				drop(fs.root, 's', i);
				reader.seen[i] = 2;
				removed++;
			}
		}
		if (rewind) {
			if (removed == before)
				break;
			reader.cookie = 0;
		}
	}
	CHECK_EQ(removed, STAYING);
	CHECK_EQ(f_check_tree(fs.root), 0);
	fs_end(&fs);
}

/* Renaming changes where a name is listed but loses none. A replaced name keeps its place. */
static void check_order(void)
{
	struct fs fs = fs_begin();
	char names[100];
	CHECK_OK(f_put(fs.root, "a", ""));
	CHECK_OK(f_put(fs.root, "b", ""));
	CHECK_OK(f_mkdir(fs.root, "c"));
	f_list(fs.root, names, sizeof names);
	CHECK(strcmp(names, ". .. a b c ") == 0);
	CHECK_OK(f_rename(fs.root, "a", "d"));
	f_list(fs.root, names, sizeof names);
	CHECK(strcmp(names, ". .. b c d ") == 0);
	CHECK_OK(f_rename(fs.root, "d", "b"));
	f_list(fs.root, names, sizeof names);
	CHECK(strcmp(names, ". .. b c ") == 0);
	fs_end(&fs);
}

/* Any number that a guest makes up is a valid position, at worst the end. */
static void check_odd_cookies(void)
{
	struct fs fs = fs_begin();
	struct reader reader = {.cookie = 1, .room = 10};
	make(fs.root, 's', 1);
	CHECK(step(fs.root, &reader));
	CHECK_EQ(reader.total, 2);
	reader = (struct reader){.cookie = 1000000, .room = 10};
	CHECK(!step(fs.root, &reader));
	reader = (struct reader){.cookie = UINT64_MAX, .room = 10};
	CHECK(!step(fs.root, &reader));
	reader = (struct reader){.room = 0};
	CHECK(!step(fs.root, &reader));
	fs_end(&fs);
}

int main(void)
{
	check_order();
	check_odd_cookies();
	for (unsigned room = 1; room < 100; room = room * 2 + 1) {
		check_churn(room, 0);
		check_churn(room, room);
		check_churn(room, 3 * room + 1);
	}
	check_removing(false);
	check_removing(true);
	return done();
}
