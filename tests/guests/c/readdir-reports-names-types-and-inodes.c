/* fd_readdir: "." and ".." first, then each name once, with the inode and type that stat reports.
 *
 * guest:
 *   dir: /
 */
#include "dirents.h"
#include "raw.h"

struct seen {
	int dot, dotdot, file, link, sub, other, total;
};

static bool see(const struct entry *entry, void *context)
{
	struct seen *seen = context;
	__wasi_filestat_t stat;

	seen->total++;
	if (strcmp(entry->name, ".") == 0) {
		seen->dot++;
		CHECK_EQ(entry->head.d_type, __WASI_FILETYPE_DIRECTORY);
		CHECK_EQ(entry->head.d_ino, stat_path("dir").ino);
		CHECK_EQ(seen->total, 1);
		return true;
	}
	if (strcmp(entry->name, "..") == 0) {
		seen->dotdot++;
		CHECK_EQ(entry->head.d_type, __WASI_FILETYPE_DIRECTORY);
		CHECK_EQ(seen->total, 2);
		return true;
	}
	char path[310];
	snprintf(path, sizeof path, "dir/%s", entry->name);
	stat = stat_path(path);
	CHECK_EQ(entry->head.d_type, stat.filetype);
	CHECK_EQ(entry->head.d_ino, stat.ino);
	if (strcmp(entry->name, "file") == 0)
		seen->file++;
	else if (strcmp(entry->name, "link") == 0)
		seen->link++;
	else if (strcmp(entry->name, "sub") == 0)
		seen->sub++;
	else
		seen->other++;
	return true;
}

int main(void)
{
	struct seen seen = {0};
	uint8_t buffer[64];
	uint32_t used;

	make_dir("dir");
	int dir = open_dir("dir");
	each_entry(dir, 0, 4096, see, &seen);
	CHECK_EQ(seen.total, 2);
	CHECK(seen.dot == 1 && seen.dotdot == 1);

	put_file("dir/file", "");
	make_dir("dir/sub");
	CHECK_OK(__wasi_path_symlink("nowhere", ROOT, "dir/link"));
	put_file("dir/grüße", "");
	put_file("dir/.hidden", "");
	seen = (struct seen){0};
	each_entry(dir, 0, 4096, see, &seen);
	CHECK(seen.dot == 1 && seen.dotdot == 1 && seen.file == 1 && seen.link == 1 && seen.sub == 1);
	CHECK_EQ(seen.other, 2);
	CHECK_EQ(seen.total, 7);

	int file = open_file("dir/file", 0);
	CHECK_ERRNO(raw_fd_readdir(99, P(buffer), sizeof buffer, 0, P(&used)), EBADF);
	CHECK_ERRNO(raw_fd_readdir((uint32_t)file, P(buffer), sizeof buffer, 0, P(&used)), ENOTDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_readdir(1, P(buffer), sizeof buffer, 0, P(&used)), ENOTDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_readdir((uint32_t)dir, memory_end() - 10, 100, 0, P(&used)), EFAULT);
	CHECK_ERRNO(raw_fd_readdir((uint32_t)dir, P(buffer), 0xffffffff, 0, P(&used)), EFAULT);
	CHECK_ERRNO(raw_fd_readdir((uint32_t)dir, P(buffer), sizeof buffer, 0, memory_end()), EFAULT);
	/* A cookie that was never returned lists nothing, or is refused. */
	used = 99;
	unsigned error = raw_fd_readdir((uint32_t)dir, P(buffer), sizeof buffer, UINT64_MAX, P(&used));
	CHECK_ERRNO(error, 0, EINVAL, EOVERFLOW);
	CHECK(error || used == 0);
	return 0;
}
