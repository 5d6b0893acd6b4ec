/* fd_filestat_get and path_filestat_get agree; inode and device identify a file; links are counted; a symbolic link differs from its target.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

static void same(const __wasi_filestat_t *a, const __wasi_filestat_t *b)
{
	CHECK_EQ(a->dev, b->dev);
	CHECK_EQ(a->ino, b->ino);
	CHECK_EQ(a->filetype, b->filetype);
	CHECK_EQ(a->nlink, b->nlink);
	CHECK_EQ(a->size, b->size);
	CHECK_EQ(a->mtim, b->mtim);
	CHECK_EQ(a->ctim, b->ctim);
}

int main(void)
{
	__wasi_filestat_t file, link, dir, other, stream, stat;

	put_file("file", "12345");
	make_dir("dir");
	put_file("other", "");
	CHECK_OK(__wasi_path_symlink("dir/target", ROOT, "link"));

	file = stat_path("file");
	CHECK_EQ(file.filetype, __WASI_FILETYPE_REGULAR_FILE);
	CHECK_EQ(file.size, 5);
	CHECK_EQ(file.nlink, 1);
	dir = stat_path("dir");
	CHECK_EQ(dir.filetype, __WASI_FILETYPE_DIRECTORY);
	CHECK(dir.nlink >= 1);
	link = stat_path("link");
	CHECK_EQ(link.filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
	CHECK_EQ(link.size, 10); /* the length of its target's path */
	other = stat_path("other");
	CHECK_EQ(file.dev, dir.dev);
	CHECK(file.ino != dir.ino && file.ino != link.ino && file.ino != other.ino && dir.ino != link.ino &&
	      dir.ino != other.ino);

	int fd = open_at(ROOT, "file", 0, READ_RIGHTS);
	stat = stat_fd(fd);
	same(&stat, &file);
	int dir_fd = open_dir("dir");
	stat = stat_fd(dir_fd);
	same(&stat, &dir);
	stat = stat_path("dir/../dir/.");
	same(&stat, &dir);
	stat = stat_path(".");
	__wasi_filestat_t root = stat_fd(ROOT);
	same(&stat, &root);

	/* Following a link, and not. */
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, FOLLOW, "link", &stat), ENOENT);
	put_file("dir/target", "x");
	CHECK_OK(__wasi_path_filestat_get(ROOT, FOLLOW, "link", &stat));
	CHECK_EQ(stat.filetype, __WASI_FILETYPE_REGULAR_FILE);
	CHECK_EQ(stat.size, 1);
	CHECK_EQ(stat_path("link").ino, link.ino);

	/* It works for streams, too. */
	for (int stdio = 0; stdio < 3; stdio++) {
		CHECK_OK(__wasi_fd_filestat_get(stdio, &stream));
		CHECK(stream.filetype != __WASI_FILETYPE_REGULAR_FILE && stream.filetype != __WASI_FILETYPE_DIRECTORY);
		CHECK_EQ(stream.size, 0);
	}

	CHECK_ERRNO(__wasi_fd_filestat_get(99, &stat), EBADF);
	CHECK_ERRNO(__wasi_path_filestat_get(99, 0, "file", &stat), EBADF);
	CHECK_ERRNO(__wasi_path_filestat_get(fd, 0, "file", &stat), ENOTDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, "missing", &stat), ENOENT);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, "file/below", &stat), ENOTDIR);
	CHECK_ERRNO(raw_fd_filestat_get((uint32_t)fd, memory_end() - 63), EFAULT);
	CHECK_OK(raw_fd_filestat_get((uint32_t)fd, memory_end() - 64));
	CHECK_ERRNO(raw_path_filestat_get(ROOT, 0, P("file"), 4, memory_end() - 63), EFAULT);
	CHECK_ERRNO(raw_path_filestat_get(ROOT, 2, P("file"), 4, P(&stat)), EINVAL); /* an unknown lookup flag */
	return 0;
}
