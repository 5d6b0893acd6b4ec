/* All 16 combinations of O_* with all 32 of fdflags, on a file, a directory, nothing, a link to a file and a dangling
 * link, followed or not, for reading and for writing: compares 5,120 calls with what POSIX specifies (and for O_DIRECTORY with other flags, with
 * what Wasmtime does).
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

enum kind { FILE_THERE, DIRECTORY, NOTHING, LINK, DANGLING, KINDS };

static const char *const names[KINDS] = {"file", "dir", "nothing", "link", "dangling"};

/* The expected errno; -1 is success. Where two are correct, `second` is the other one. */
struct verdict {
	unsigned error, second;
};

static struct verdict expected(enum kind kind, unsigned oflags, bool follow, bool write)
{
	bool create = oflags & O_CREATE, exclusive = oflags & O_EXCLUSIVE, truncate = oflags & O_TRUNCATE;

	if ((oflags & O_DIR) && (create || exclusive || truncate))
		return (struct verdict){EINVAL, EINVAL};
	if (kind == LINK && follow && !(create && exclusive))
		kind = FILE_THERE;
	if (kind == DANGLING && follow && !(create && exclusive))
		kind = NOTHING;
	switch (kind) {
	case FILE_THERE:
		if (create && exclusive)
			return (struct verdict){EEXIST, EEXIST};
		return oflags & O_DIR ? (struct verdict){ENOTDIR, ENOTDIR} : (struct verdict){0, 0};
	case DIRECTORY:
		if (create && exclusive)
			return (struct verdict){EEXIST, EISDIR};
		return write || create || truncate ? (struct verdict){EISDIR, EISDIR} : (struct verdict){0, 0};
	case NOTHING:
		return create ? (struct verdict){0, 0} : (struct verdict){ENOENT, ENOENT};
	default: /* a link that is not followed */
		if (create && exclusive)
			return (struct verdict){EEXIST, EEXIST};
		return oflags & O_DIR ? (struct verdict){ELOOP, ENOTDIR} : (struct verdict){ELOOP, ELOOP};
	}
}

static void reset(void)
{
	put_file("file", "text");
	if (!look("nothing"))
		CHECK_OK(__wasi_path_unlink_file(ROOT, "nothing"));
	if (!look("nowhere"))
		CHECK_OK(__wasi_path_unlink_file(ROOT, "nowhere"));
}

static void one(enum kind kind, unsigned oflags, unsigned fdflags, bool follow, bool write)
{
	struct verdict verdict = expected(kind, oflags, follow, write);
	int fd = -1;
	unsigned error = try_open(ROOT, names[kind], follow ? FOLLOW : 0, oflags,
	                          __WASI_RIGHTS_FD_READ | (write ? __WASI_RIGHTS_FD_WRITE : 0), fdflags, &fd);
	unsigned sync = __WASI_FDFLAGS_DSYNC | __WASI_FDFLAGS_RSYNC | __WASI_FDFLAGS_SYNC;

	if ((fdflags & sync) && error == ENOTSUP)
		return; /* Wasmtime does not support synchronous writes */
	if (error != verdict.error && error != verdict.second) {
		char text[128];
		snprintf(text, sizeof text, "%s oflags %u fdflags %u%s%s gives %u, not %u", names[kind], oflags, fdflags,
		         follow ? " follow" : "", write ? " write" : "", error, verdict.error);
		check_failed(__FILE__, __LINE__, "%s", text);
	}
	if (error)
		return;

	__wasi_fdstat_t stat;
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	CHECK_EQ(stat.fs_filetype, kind == DIRECTORY ? __WASI_FILETYPE_DIRECTORY : __WASI_FILETYPE_REGULAR_FILE);
	if (kind != DIRECTORY) {
		CHECK_EQ(stat.fs_flags, fdflags);
		CHECK_EQ(!!(stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE), write);
		bool had_text = kind == FILE_THERE || kind == LINK;
		int check = open_file(kind == DANGLING ? "nowhere" : names[kind], 0);
		CHECK_EQ(stat_fd(check).size, had_text && !(oflags & O_TRUNCATE) ? 4 : 0);
		close_fd(check);
	}
	close_fd(fd);
}

int main(void)
{
	make_dir("dir");
	CHECK_OK(__wasi_path_symlink("file", ROOT, "link"));
	CHECK_OK(__wasi_path_symlink("nowhere", ROOT, "dangling"));
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (unsigned oflags = 0; oflags < 16; oflags++)
			for (unsigned fdflags = 0; fdflags < 32; fdflags++)
				for (int variant = 0; variant < 4; variant++) {
					reset();
					one(kind, oflags, fdflags, variant & 1, variant & 2);
				}

	/* Flags that do not exist. */
	int fd;
	reset();
	CHECK_ERRNO(try_open(ROOT, "file", 0, 16, FILE_RIGHTS, 0, &fd), EINVAL);
	CHECK_ERRNO(try_open(ROOT, "file", 0, 0xffff, FILE_RIGHTS, 0, &fd), EINVAL);
	CHECK_ERRNO(try_open(ROOT, "file", 0, 0, FILE_RIGHTS, 32, &fd), EINVAL);
	CHECK_ERRNO(try_open(ROOT, "file", 2, 0, FILE_RIGHTS, 0, &fd), EINVAL);
	expect_file("file", "text");
	return 0;
}
