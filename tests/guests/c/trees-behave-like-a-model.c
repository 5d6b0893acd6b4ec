// forms: wrapped
/* 30,000 random operations on names (make, remove, rename, link, write, read), each compared with the same operation on arrays in memory.
 *
 * guest:
 *   dir: /
 */
#include "dirents.h"

/* Sixteen places for directories: directory n is in directory n / 2, and 0 is the root. In each, the names a to h are files or do not exist. */
enum { DIRS = 16, NAMES = 8, OPERATIONS = 30000 };

static int file_at[DIRS][NAMES]; /* which file, or 0 */
static bool dir_there[DIRS];
static int next_file = 1;
static uint32_t state = 99;

static uint32_t below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

static void dir_path(char *path, int dir)
{
	for (int d = dir; d > 0; d /= 2) {
		char piece[16];
		snprintf(piece, sizeof piece, "d%d/", d);
		memmove(path + strlen(piece), path, strlen(path) + 1);
		memcpy(path, piece, strlen(piece));
	}
}

static const char *path_of(int dir, int name)
{
	static char paths[4][128];
	static int turn;
	char *path = paths[turn++ % 4];

	path[0] = '\0';
	dir_path(path, dir);
	if (name >= 0)
		sprintf(path + strlen(path), "%c", 'a' + name);
	else if (dir == 0)
		strcat(path, ".");
	return path;
}

/* Whether all of its ancestors exist; whether the directory itself exists is in dir_there. */
static bool reachable(int dir)
{
	for (int d = dir; d > 0; d /= 2)
		if (!dir_there[d])
			return false;
	return true;
}

static bool is_empty(int dir)
{
	for (int n = 0; n < NAMES; n++)
		if (file_at[dir][n])
			return false;
	for (int child = 1; child < DIRS; child++)
		if (child != dir && child / 2 == dir && dir_there[child])
			return false;
	return true;
}

static int links_of(int file)
{
	int links = 0;
	for (int d = 0; d < DIRS; d++)
		for (int n = 0; n < NAMES; n++)
			links += file_at[d][n] == file;
	return links;
}

static void make_or_remove_directory(void)
{
	int dir = 1 + (int)below(DIRS - 1);
	char path[128];

	strcpy(path, path_of(dir, -1));
	if (below(2)) {
		bool parent = reachable(dir / 2);
		CHECK_ERRNO(__wasi_path_create_directory(ROOT, path), !parent ? ENOENT : dir_there[dir] ? EEXIST : 0);
		if (parent)
			dir_there[dir] = true;
	} else {
		bool there = reachable(dir);
		CHECK_ERRNO(__wasi_path_remove_directory(ROOT, path), !there ? ENOENT : is_empty(dir) ? 0 : ENOTEMPTY);
		if (there && is_empty(dir))
			dir_there[dir] = false;
	}
}

static void create_write_or_read(int dir, int name)
{
	int *slot = &file_at[dir][name], fd, content = 0;
	bool create = below(2);
	unsigned error = try_open(ROOT, path_of(dir, name), 0, create ? O_CREATE : 0, FILE_RIGHTS, 0, &fd);

	CHECK_ERRNO(error, !reachable(dir) || (!*slot && !create) ? ENOENT : 0);
	if (error)
		return;
	if (!*slot) {
		*slot = next_file++;
		write_all(fd, slot, sizeof *slot);
	} else {
		CHECK_EQ(read_some(fd, &content, sizeof content), sizeof content);
		CHECK_EQ(content, *slot);
	}
	CHECK_EQ(stat_fd(fd).nlink, links_of(*slot));
	close_fd(fd);
}

static void unlink_one(int dir, int name)
{
	bool there = reachable(dir) && file_at[dir][name];
	CHECK_ERRNO(__wasi_path_unlink_file(ROOT, path_of(dir, name)), there ? 0 : ENOENT);
	if (there)
		file_at[dir][name] = 0;
}

static void rename_or_link(int dir, int name, int to_dir, int to_name)
{
	bool from = reachable(dir) && file_at[dir][name], to = reachable(to_dir), link = below(3) == 0;
	int *source = &file_at[dir][name], *target = &file_at[to_dir][to_name];
	unsigned error = link ? __wasi_path_link(ROOT, 0, path_of(dir, name), ROOT, path_of(to_dir, to_name))
	                      : __wasi_path_rename(ROOT, path_of(dir, name), ROOT, path_of(to_dir, to_name));

	CHECK_ERRNO(error, !from || !to ? ENOENT : link && *target ? EEXIST : 0);
	if (error)
		return;
	if (link) {
		*target = *source;
	} else if (*target != *source) { /* two names of one file: rename does nothing */
		*target = *source;
		*source = 0;
	}
}

static void listing_agrees(int dir)
{
	int expected = 2, fd;

	if (!reachable(dir))
		return;
	for (int n = 0; n < NAMES; n++)
		expected += file_at[dir][n] != 0;
	for (int child = 1; child < DIRS; child++)
		expected += child != dir && child / 2 == dir && dir_there[child];
	fd = open_dir(path_of(dir, -1));
	CHECK_EQ(count_entries(fd), expected);
	close_fd(fd);
}

int main(void)
{
	for (int i = 0; i < OPERATIONS; i++) {
		int dir = (int)below(DIRS), name = (int)below(NAMES);
		switch (below(8)) {
		case 0:
			make_or_remove_directory();
			break;
		case 1:
		case 2:
			unlink_one(dir, name);
			break;
		case 3:
		case 4:
			rename_or_link(dir, name, (int)below(DIRS), (int)below(NAMES));
			break;
		default:
			create_write_or_read(dir, name);
		}
		if (i % 16 == 0)
			listing_agrees((int)below(DIRS));
	}
	return 0;
}
