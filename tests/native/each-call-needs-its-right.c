/* Each call on a descriptor that has every right but one: it fails if it needs that right, and otherwise behaves as with all of them. Below them,
 * path_open: each right in turn is missing from those that the directory passes on, and each in turn is requested. */
#include "support/file_io.h"
#include "support/program.h"
#include "wasi/abi.h"

#include <stdio.h>
#include <string.h>

enum { OUT = 64, IOVS = 256, IN = 512, PATH = 1024, OTHER = 2048, FD = 1020 };

static struct program *program;

#define AT(text) PATH, poke_text(program, PATH, text)
#define TO(text) OTHER, poke_text(program, OTHER, text)

/* ---- the calls; each may be made again and again ---- */

static uint32_t poll_fd(uint32_t fd, uint8_t tag)
{
	struct wasi_subscription sub = {.tag = tag, .u.fd = fd};
	poke(program, IN, &sub, sizeof sub);
	uint32_t result = hf_p1_poll_oneoff(IN, OUT, 1, 2048);
	return result ? result : peek_u32(program, OUT + 8) & 0xffff;
}

static uint32_t open_at(uint32_t fd, const char *path, uint32_t oflags, uint64_t rights, uint32_t fdflags)
{
	uint32_t result = hf_p1_path_open(fd, 0, AT(path), oflags, rights, 0, fdflags, FD);
	return result ? result : hf_p1_fd_close(peek_u32(program, FD));
}

#define CALL(name, expression)               \
	static uint32_t call_##name(uint32_t fd) \
	{                                        \
		return (expression);                 \
	}
CALL(fdstat_get, hf_p1_fd_fdstat_get(fd, OUT))
CALL(set_flags, hf_p1_fd_fdstat_set_flags(fd, 0))
CALL(filestat_get, hf_p1_fd_filestat_get(fd, OUT))
CALL(set_times, hf_p1_fd_filestat_set_times(fd, 1, 2, HF_FST_MTIM))
CALL(sync, hf_p1_fd_sync(fd))
CALL(datasync, hf_p1_fd_datasync(fd))
CALL(advise, hf_p1_fd_advise(fd, 0, 0, 0))
CALL(allocate, hf_p1_fd_allocate(fd, 0, 4))
CALL(set_size, hf_p1_fd_filestat_set_size(fd, 4))
CALL(read, hf_p1_fd_read(fd, IOVS, 1, OUT))
CALL(write, hf_p1_fd_write(fd, IOVS, 1, OUT))
CALL(pread, hf_p1_fd_pread(fd, IOVS, 1, 0, OUT))
CALL(pwrite, hf_p1_fd_pwrite(fd, IOVS, 1, 0, OUT))
CALL(seek, hf_p1_fd_seek(fd, 0, HF_WHENCE_SET, OUT))
CALL(poll_read, poll_fd(fd, HF_EVENTTYPE_FD_READ))
CALL(poll_write, poll_fd(fd, HF_EVENTTYPE_FD_WRITE))
CALL(prestat_get, hf_p1_fd_prestat_get(fd, OUT))
CALL(renumber, hf_p1_fd_renumber(fd, fd))
CALL(readdir, hf_p1_fd_readdir(fd, 3000, 500, 0, OUT))
CALL(mkdir, hf_p1_path_create_directory(fd, AT("d")))
CALL(rmdir, hf_p1_path_remove_directory(fd, AT("d")))
CALL(unlink, hf_p1_path_unlink_file(fd, AT("d")))
CALL(symlink, hf_p1_path_symlink(TO("x"), fd, AT("d")))
CALL(readlink, hf_p1_path_readlink(fd, AT("link"), 3000, 10, OUT))
CALL(path_get, hf_p1_path_filestat_get(fd, 0, AT("f"), OUT))
CALL(path_times, hf_p1_path_filestat_set_times(fd, 0, AT("f"), 1, 2, HF_FST_ATIM))
CALL(link_from, hf_p1_path_link(fd, 0, AT("f"), 3, TO("d")))
CALL(link_to, hf_p1_path_link(3, 0, AT("f"), fd, TO("d")))
CALL(rename_from, hf_p1_path_rename(fd, AT("f"), 3, TO("f")))
CALL(rename_to, hf_p1_path_rename(3, AT("f"), fd, TO("f")))
CALL(open, open_at(fd, "f", 0, 0, 0))
CALL(open_create, open_at(fd, "f", HF_OFLAG_CREAT, 0, 0))
CALL(open_truncate, open_at(fd, "f", HF_OFLAG_TRUNC, 0, 0))
CALL(open_dsync, open_at(fd, "f", 0, 0, HF_FDFLAG_DSYNC))

struct need {
	uint64_t right;
	uint32_t error;
};

#define NEEDS(right)                     \
	{                                    \
		HF_RIGHT_##right, HF_ENOTCAPABLE \
	}
#define READS                      \
	{                              \
		HF_RIGHT_FD_READ, HF_EBADF \
	}
#define WRITES                      \
	{                               \
		HF_RIGHT_FD_WRITE, HF_EBADF \
	}

struct row {
	const char *name;
	uint32_t (*call)(uint32_t fd);
	uint32_t with_all; /* its result when no right is missing */
	struct need needs[2];
};

static const struct row of_files[] = {
	{"fd_fdstat_get", call_fdstat_get, 0, {{0}}},
	{"fd_fdstat_set_flags", call_set_flags, 0, {NEEDS(FD_FDSTAT_SET_FLAGS)}},
	{"fd_filestat_get", call_filestat_get, 0, {NEEDS(FD_FILESTAT_GET)}},
	{"fd_filestat_set_times", call_set_times, 0, {NEEDS(FD_FILESTAT_SET_TIMES)}},
	{"fd_filestat_set_size", call_set_size, 0, {NEEDS(FD_FILESTAT_SET_SIZE)}},
	{"fd_sync", call_sync, 0, {NEEDS(FD_SYNC)}},
	{"fd_datasync", call_datasync, 0, {NEEDS(FD_DATASYNC)}},
	{"fd_advise", call_advise, 0, {NEEDS(FD_ADVISE)}},
	{"fd_allocate", call_allocate, 0, {NEEDS(FD_ALLOCATE)}},
	{"fd_read", call_read, 0, {READS}},
	{"fd_write", call_write, 0, {WRITES}},
	{"fd_pread", call_pread, 0, {READS, NEEDS(FD_SEEK)}},
	{"fd_pwrite", call_pwrite, 0, {WRITES, NEEDS(FD_SEEK)}},
	{"fd_seek", call_seek, 0, {NEEDS(FD_SEEK)}},
	{"poll_oneoff to read", call_poll_read, 0, {READS, NEEDS(POLL_FD_READWRITE)}},
	{"poll_oneoff to write", call_poll_write, 0, {WRITES, NEEDS(POLL_FD_READWRITE)}},
	{"fd_renumber", call_renumber, 0, {{0}}},
};

static const struct row of_directories[] = {
	{"fd_fdstat_get", call_fdstat_get, 0, {{0}}},
	{"fd_fdstat_set_flags", call_set_flags, 0, {NEEDS(FD_FDSTAT_SET_FLAGS)}},
	{"fd_filestat_get", call_filestat_get, 0, {NEEDS(FD_FILESTAT_GET)}},
	{"fd_filestat_set_times", call_set_times, 0, {NEEDS(FD_FILESTAT_SET_TIMES)}},
	{"fd_sync", call_sync, 0, {NEEDS(FD_SYNC)}},
	{"fd_datasync", call_datasync, 0, {NEEDS(FD_DATASYNC)}},
	{"fd_prestat_get", call_prestat_get, HF_EBADF, {{0}}},
	{"fd_renumber", call_renumber, 0, {{0}}},
	{"fd_readdir", call_readdir, 0, {NEEDS(FD_READDIR)}},
	{"path_create_directory", call_mkdir, HF_EEXIST, {NEEDS(PATH_CREATE_DIRECTORY)}},
	{"path_remove_directory", call_rmdir, HF_ENOTEMPTY, {NEEDS(PATH_REMOVE_DIRECTORY)}},
	{"path_unlink_file", call_unlink, HF_EISDIR, {NEEDS(PATH_UNLINK_FILE)}},
	{"path_symlink", call_symlink, HF_EEXIST, {NEEDS(PATH_SYMLINK)}},
	{"path_readlink", call_readlink, 0, {NEEDS(PATH_READLINK)}},
	{"path_filestat_get", call_path_get, 0, {NEEDS(PATH_FILESTAT_GET)}},
	{"path_filestat_set_times", call_path_times, 0, {NEEDS(PATH_FILESTAT_SET_TIMES)}},
	{"path_link from", call_link_from, HF_EEXIST, {NEEDS(PATH_LINK_SOURCE)}},
	{"path_link to", call_link_to, HF_EEXIST, {NEEDS(PATH_LINK_TARGET)}},
	{"path_rename from", call_rename_from, 0, {NEEDS(PATH_RENAME_SOURCE)}},
	{"path_rename to", call_rename_to, 0, {NEEDS(PATH_RENAME_TARGET)}},
	{"path_open", call_open, 0, {NEEDS(PATH_OPEN)}},
	{"path_open to create", call_open_create, 0, {NEEDS(PATH_OPEN), NEEDS(PATH_CREATE_FILE)}},
	{"path_open to truncate", call_open_truncate, 0, {NEEDS(PATH_OPEN), NEEDS(PATH_FILESTAT_SET_SIZE)}},
	{"path_open for synchronized writing", call_open_dsync, 0, {NEEDS(PATH_OPEN)}},
};

static void check_row(const struct row *row, const char *path, uint32_t oflags)
{
	for (int bit = -1; bit < 30; bit++) {
		uint64_t missing = bit < 0 ? 0 : UINT64_C(1) << bit;
		uint32_t fd = open_path(program, path, oflags, oflags ? HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE : HF_RIGHTS_ALL, 0);
		uint32_t expected = row->with_all;
		for (int i = 0; i < 2; i++) {
			if (row->needs[i].right & missing)
				expected = row->needs[i].error;
		}
		CHECK_ERR(hf_p1_fd_fdstat_get(fd, OUT), 0);
		CHECK_ERR(hf_p1_fd_fdstat_set_rights(fd, peek_u64(program, OUT + 8) & ~missing, HF_RIGHTS_ALL * (oflags != 0)),
		          0);
		uint32_t result = row->call(fd);
		if (result != expected)
			fprintf(stderr, "without right number %d:\n", bit);
		check_err(__FILE__, __LINE__, row->name, result, expected);
		CHECK_ERR(hf_p1_fd_close(fd), 0);
	}
}

/* The right to tell or the right to seek allows reading the position. */
static void check_tell(void)
{
	static const uint64_t either[] = {HF_RIGHT_FD_TELL, HF_RIGHT_FD_SEEK, HF_RIGHT_FD_TELL | HF_RIGHT_FD_SEEK};
	for (int i = 0; i < 4; i++) {
		uint32_t fd = open_path(program, "f", 0, i < 3 ? either[i] : HF_RIGHTS_ALL & ~either[2], 0);
		uint32_t expected = i < 3 ? 0 : HF_ENOTCAPABLE;
		CHECK_ERR(hf_p1_fd_tell(fd, OUT), expected);
		CHECK_ERR(hf_p1_fd_seek(fd, 0, HF_WHENCE_CUR, OUT), expected);
		CHECK_ERR(hf_p1_fd_seek(fd, 1, HF_WHENCE_CUR, OUT), i == 1 || i == 2 ? 0 : HF_ENOTCAPABLE);
		CHECK_ERR(hf_p1_fd_close(fd), 0);
	}
}

/* ---- what a directory passes on ---- */

static uint64_t base_of(uint32_t fd)
{
	CHECK_ERR(hf_p1_fd_fdstat_get(fd, OUT), 0);
	return peek_u64(program, OUT + 8);
}

/* Requests one right through a directory that passes on all others. Rights that do not apply to the file are ignored. */
static void check_inheriting(const char *path, uint64_t applying, uint32_t oflags)
{
	for (int bit = 0; bit < 30; bit++) {
		uint64_t right = UINT64_C(1) << bit;
		uint32_t dir = open_path(program, ".", HF_OFLAG_DIRECTORY, HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE, 0);
		CHECK_ERR(hf_p1_fd_fdstat_set_rights(dir, base_of(dir), HF_RIGHTS_ALL & ~right), 0);
		if (right == HF_RIGHT_FD_WRITE && (oflags & HF_OFLAG_DIRECTORY))
			CHECK_ERR(open_at(dir, path, oflags, right, 0), HF_EISDIR);
		else
			CHECK_ERR(open_at(dir, path, oflags, right, 0), applying & right ? HF_ENOTCAPABLE : 0);
		CHECK_ERR(open_at(dir, path, oflags, HF_RIGHTS_ALL & ~right & ~HF_RIGHT_FD_WRITE, 0), 0);
		/* An unknown right applies to nothing. */
		CHECK_ERR(open_at(dir, path, oflags, UINT64_C(1) << 40, 0), 0);
		/* Rights to inherit in turn. */
		uint32_t result = hf_p1_path_open(dir, 0, AT(path), oflags, 0, right, 0, FD);
		CHECK_ERR(result, oflags & HF_OFLAG_DIRECTORY ? HF_ENOTCAPABLE : 0);
		if (result == 0)
			CHECK_ERR(hf_p1_fd_close(peek_u32(program, FD)), 0);
		CHECK_ERR(hf_p1_fd_close(dir), 0);
	}
}

static void check_granted(void)
{
	uint32_t fd = open_path(program, "f", 0, HF_RIGHTS_ALL, 0), dir = open_path(program, ".", HF_OFLAG_DIRECTORY, 0, 0);
	CHECK_ERR(hf_p1_fd_fdstat_get(fd, OUT), 0);
	CHECK_EQ(peek_u64(program, OUT + 8) & (HF_RIGHT_FD_READDIR | HF_RIGHT_PATH_OPEN), 0);
	CHECK_EQ(peek_u64(program, OUT + 16), 0); /* nothing is opened through a file */
	CHECK_EQ(base_of(dir), 0);
	CHECK_EQ(peek_u64(program, OUT + 16), HF_RIGHTS_ALL);
	CHECK_ERR(open_at(dir, "f", 0, 0, 0), HF_ENOTCAPABLE);
}

/* A refused open neither creates nor truncates anything. */
static void check_nothing_happens(void)
{
	uint32_t dir = open_path(program, ".", HF_OFLAG_DIRECTORY, HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE, 0);
	CHECK_ERR(hf_p1_fd_fdstat_set_rights(dir, base_of(dir), HF_RIGHT_FD_READ), 0);
	CHECK_ERR(open_at(dir, "new", HF_OFLAG_CREAT, HF_RIGHT_FD_SEEK, 0), HF_ENOTCAPABLE);
	CHECK(!f_exists(program->fs.root, "/new"));
	CHECK_OK(f_put(program->fs.root, "/full", "text"));
	CHECK_ERR(open_at(dir, "full", HF_OFLAG_TRUNC, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK, 0), HF_ENOTCAPABLE);
	CHECK_ERR(hf_p1_path_filestat_get(3, 0, AT("full"), OUT), 0);
	CHECK_EQ(peek_u64(program, OUT + 32), 4);
	CHECK_ERR(open_at(dir, "full", HF_OFLAG_TRUNC, HF_RIGHT_FD_READ, 0), 0);
}

/* A directory that does not pass on the right to sync cannot open files with a sync flag. */
static void check_sync_flags(void)
{
	static const struct {
		uint64_t passed_on;
		uint32_t refused;
	} cases[] = {
		{0, HF_FDFLAG_SYNC | HF_FDFLAG_RSYNC | HF_FDFLAG_DSYNC},
		{HF_RIGHT_FD_DATASYNC, HF_FDFLAG_SYNC | HF_FDFLAG_RSYNC},
		{HF_RIGHT_FD_SYNC, 0},
	};
	for (int i = 0; i < 3; i++) {
		uint32_t dir = open_path(program, ".", HF_OFLAG_DIRECTORY, HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE, 0);
		CHECK_ERR(hf_p1_fd_fdstat_set_rights(dir, base_of(dir), cases[i].passed_on), 0);
		for (uint32_t flag = 1; flag < HF_FDFLAGS_ALL; flag *= 2)
			CHECK_ERR(open_at(dir, "f", 0, 0, flag), cases[i].refused & flag ? HF_ENOTCAPABLE : 0);
		CHECK_ERR(hf_p1_fd_close(dir), 0);
	}
}

int main(void)
{
	program = program_begin();
	poke_iov(program, IOVS, 3000, 1);
	CHECK_OK(f_put(program->fs.root, "/f", "text"));
	CHECK_OK(f_mkdir(program->fs.root, "/d"));
	CHECK_OK(f_put(program->fs.root, "/d/e", ""));
	CHECK_ERR(hf_p1_path_symlink(TO("f"), 3, AT("link")), 0);
	for (unsigned i = 0; i < sizeof of_files / sizeof of_files[0]; i++)
		check_row(&of_files[i], "f", 0);
	for (unsigned i = 0; i < sizeof of_directories / sizeof of_directories[0]; i++)
		check_row(&of_directories[i], ".", HF_OFLAG_DIRECTORY);
	check_tell();
	uint32_t file = open_path(program, "f", 0, HF_RIGHTS_ALL, 0),
			 dir = open_path(program, "d", 0, HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE, 0);
	check_inheriting("f", base_of(file), 0);
	check_inheriting("d", base_of(dir), HF_OFLAG_DIRECTORY);
	check_granted();
	check_nothing_happens();
	check_sync_flags();
	program_end(program);
	return done();
}
