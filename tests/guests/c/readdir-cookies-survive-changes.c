/* Names are added and removed while a directory is read in pieces: each name that stays is listed exactly once, and none is listed after its removal.
 *
 * guest:
 *   dir: /
 */
#include "dirents.h"

#include <stdlib.h>

enum { COUNT = 200 };

static uint8_t told[COUNT];
static int new_names;

struct reading {
	int left; /* entries until the next break */
};

static bool note(const struct entry *entry, void *context)
{
	struct reading *reading = context;

	if (strncmp(entry->name, "old-", 4) == 0)
		told[atoi(entry->name + 4)]++;
	else
		CHECK(entry->name[0] == '.' || strncmp(entry->name, "new-", 4) == 0);
	return --reading->left > 0;
}

static void name_of(char *path, const char *kind, int number)
{
	snprintf(path, 32, "dir/%s-%d", kind, number);
}

int main(void)
{
	char path[32], to[32];
	bool removed[COUNT] = {false};
	uint64_t cookie = 0;

	make_dir("dir");
	for (int i = 0; i < COUNT; i++) {
		name_of(path, "old", i);
		put_file(path, "");
	}
	int dir = open_dir("dir");
	for (int round = 0; round < 1000; round++) {
		struct reading reading = {.left = 7};
		cookie = each_entry(dir, cookie, 400, note, &reading);
		if (reading.left > 0)
			break;
		/* Removes a name, creates one, and renames one of the new ones. */
		int victim = (round * 37) % COUNT;
		if (!removed[victim]) {
			removed[victim] = true;
			name_of(path, "old", victim);
			CHECK_OK(__wasi_path_unlink_file(ROOT, path));
			if (!told[victim])
				told[victim] = 100; /* must not be listed from now on */
		}
		if (round < 60) {
			name_of(path, "new", new_names++);
			put_file(path, "");
			name_of(to, "new-renamed", new_names);
			CHECK_OK(__wasi_path_rename(ROOT, path, ROOT, to));
		}
	}
	for (int i = 0; i < COUNT; i++) {
		if (removed[i])
			CHECK(told[i] == 1 || told[i] == 100);
		else
			CHECK_EQ(told[i], 1);
	}

	/* Reading and removing at the same time, as `rm -r` does, empties the directory. */
	for (;;) {
		uint8_t buffer[200];
		__wasi_size_t used;
		int gone = 0;
		CHECK_OK(__wasi_fd_readdir(dir, buffer, sizeof buffer, 0, &used));
		for (size_t at = 0; at + 24 <= used;) {
			__wasi_dirent_t head;
			memcpy(&head, buffer + at, sizeof head);
			if (at + 24 + head.d_namlen > used)
				break;
			if (buffer[at + 24] != '.') {
				snprintf(path, sizeof path, "dir/%.*s", (int)head.d_namlen, (char *)buffer + at + 24);
				CHECK_OK(__wasi_path_unlink_file(ROOT, path));
				gone++;
			}
			at += 24 + head.d_namlen;
		}
		if (!gone)
			break;
	}
	CHECK_EQ(count_entries(dir), 2);
	CHECK_OK(__wasi_path_remove_directory(ROOT, "dir"));
	return 0;
}
