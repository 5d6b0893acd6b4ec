/* What each call on a path returns for a file, a directory, a link, a dangling link, "." and "..", an empty path, and a trailing slash;
 * and, below a read-only preopen, for any change. */
#include "kernel/vnode_file.h"
#include "support/file_io.h"
#include "support/program.h"

#include <string.h>

enum { OUT = 64, OTHER = 2048 };

static struct program *program;

#define PATH(text) 3, 1024, poke_text(program, 1024, text)
#define PATH_OF(fd, text) fd, 1024, poke_text(program, 1024, text)
#define PATH_OF_TIMES(fd, text) fd, 0, 1024, poke_text(program, 1024, text)
#define SOURCE(text) OTHER, poke_text(program, OTHER, text)

static uint32_t open_it(uint32_t fd, const char *path, uint32_t follow, uint32_t oflags, uint64_t rights)
{
	uint32_t size = poke_text(program, 1024, path);
	return hf_p1_path_open(fd, follow, 1024, size, oflags, rights, 0, 0, OUT);
}

static void check_open(void)
{
	enum {
		CREATE = HF_OFLAG_CREAT,
		EXCL = HF_OFLAG_CREAT | HF_OFLAG_EXCL,
		TRUNC = HF_OFLAG_TRUNC,
		DIR = HF_OFLAG_DIRECTORY
	};
	static const struct {
		const char *path;
		uint32_t follow, oflags;
		uint64_t rights;
		uint32_t expected;
	} cases[] = {
		{"no", 0, 0, READ_WRITE, HF_ENOENT},
		{"no/", 0, CREATE, READ_WRITE, HF_EISDIR},
		{"f", 0, 0, READ_WRITE, 0},
		{"f", 0, EXCL, READ_WRITE, HF_EEXIST},
		{"f", 0, DIR, HF_RIGHT_FD_READ, HF_ENOTDIR},
		{"f/", 0, 0, HF_RIGHT_FD_READ, HF_ENOTDIR},
		{"d", 0, 0, HF_RIGHT_FD_READ, 0},
		{"d/", 0, DIR, HF_RIGHT_FD_READ, 0},
		{"d", 0, 0, HF_RIGHT_FD_WRITE, HF_EISDIR},
		{"d", 0, TRUNC, 0, HF_EISDIR},
		{"d", 0, CREATE, 0, HF_EISDIR},
		{"d", 0, DIR | CREATE, 0, HF_EINVAL},
		{".", 0, DIR, HF_RIGHT_FD_READ, 0},
		{"d/..", 0, DIR, HF_RIGHT_FD_READ, 0},
		{"..", 0, 0, HF_RIGHT_FD_READ, HF_EPERM},
		{"/f", 0, 0, HF_RIGHT_FD_READ, HF_EPERM},
		{"", 0, 0, HF_RIGHT_FD_READ, HF_ENOENT},
		{"to-f", 0, 0, HF_RIGHT_FD_READ, HF_ELOOP},
		{"to-f", 1, 0, HF_RIGHT_FD_READ, 0},
		{"to-f", 1, EXCL, READ_WRITE, HF_EEXIST},
		{"nowhere", 1, 0, HF_RIGHT_FD_READ, HF_ENOENT},
		{"nowhere", 1, EXCL, READ_WRITE, HF_EEXIST},
		{"loop", 1, 0, HF_RIGHT_FD_READ, HF_ELOOP},
		{"f", 2, 0, HF_RIGHT_FD_READ, HF_EINVAL},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_err(__FILE__, __LINE__, cases[i].path,
		          open_it(3, cases[i].path, cases[i].follow, cases[i].oflags, cases[i].rights), cases[i].expected);
	CHECK(!f_exists(program->fs.root, "/no"));
	/* Requests more rights than the directory passes on. */
	CHECK_ERR(hf_p1_fd_fdstat_set_rights(3, HF_RIGHTS_ALL & HF_RIGHT_PATH_OPEN, HF_RIGHT_FD_READ), 0);
	CHECK_ERR(open_it(3, "f", 0, 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE), HF_ENOTCAPABLE);
	CHECK_ERR(open_it(3, "f", 0, 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_READDIR), 0); /* which does not apply to a file */
	CHECK_ERR(open_it(3, "new", 0, CREATE, HF_RIGHT_FD_READ), HF_ENOTCAPABLE);
}

static void check_names(void)
{
	CHECK_ERR(hf_p1_path_create_directory(PATH("d")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_create_directory(PATH("to-f")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_create_directory(PATH(".")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_create_directory(PATH("no/no")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_create_directory(PATH("f/no")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_remove_directory(PATH("f")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_remove_directory(PATH("d")), HF_ENOTEMPTY);
	CHECK_ERR(hf_p1_path_remove_directory(PATH("no")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_remove_directory(PATH(".")), HF_EINVAL);
	CHECK_ERR(hf_p1_path_remove_directory(PATH("d/..")), HF_ENOTEMPTY);
	CHECK_ERR(hf_p1_path_unlink_file(PATH("d")), HF_EISDIR);
	CHECK_ERR(hf_p1_path_unlink_file(PATH("d/")), HF_EISDIR);
	CHECK_ERR(hf_p1_path_unlink_file(PATH("f/")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_unlink_file(PATH(".")), HF_EISDIR);
	CHECK_ERR(hf_p1_path_unlink_file(PATH("no")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_symlink(SOURCE("x"), PATH("f")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_symlink(SOURCE("x"), PATH("new/")), HF_ENOENT);
}

static void check_two_paths(void)
{
	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("f"), PATH("d")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("f"), PATH("new/")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("d"), PATH("new")), HF_EPERM);
	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("no"), PATH("new")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_link(3, 4, SOURCE("f"), PATH("new")), HF_EINVAL);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("no"), PATH("new")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("."), PATH("new")), HF_EBUSY);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("d"), PATH("d/..")), HF_EBUSY);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("f/"), PATH("new")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("f"), PATH("new/")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("f"), PATH("d")), HF_EISDIR);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("d"), PATH("f")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("d"), PATH("d/below")), HF_EINVAL);
}

static void check_attributes(void)
{
	CHECK_ERR(hf_p1_path_readlink(PATH("f"), 512, 64, OUT), HF_EINVAL);
	CHECK_ERR(hf_p1_path_readlink(PATH("to-f"), 512, 3, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 1);
	CHECK_EQ(program->guest->memory[512], 'f');
	CHECK_ERR(hf_p1_path_readlink(PATH("nowhere"), 512, 3, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 3);
	CHECK_BYTES(program->guest->memory + 512, "no-", 3);
	uint32_t size = poke_text(program, 1024, "to-f");
	CHECK_ERR(hf_p1_path_filestat_get(3, 0, 1024, size, OUT), 0);
	CHECK_EQ(program->guest->memory[OUT + 16], HF_FILETYPE_SYMBOLIC_LINK);
	CHECK_ERR(hf_p1_path_filestat_get(3, 1, 1024, size, OUT), 0);
	CHECK_EQ(program->guest->memory[OUT + 16], HF_FILETYPE_REGULAR_FILE);
	CHECK_ERR(hf_p1_path_filestat_get(3, 2, 1024, size, OUT), HF_EINVAL);
	CHECK_ERR(hf_p1_path_filestat_set_times(3, 1, 1024, size, 5, 6, HF_FST_ATIM | HF_FST_MTIM), 0);
	CHECK_ERR(hf_p1_path_filestat_get(3, 1, 1024, size, OUT), 0);
	CHECK(peek_u64(program, OUT + 40) == 5 && peek_u64(program, OUT + 48) == 6);
	CHECK_ERR(hf_p1_path_filestat_set_times(3, 1, 1024, size, 5, 6, 16), HF_EINVAL);
}

/* The same directory a second time, read-only, and a file system of its own. */
static void check_read_only(uint32_t ro, uint32_t elsewhere)
{
	CHECK_ERR(open_it(ro, "f", 0, 0, READ_WRITE & ~HF_RIGHT_FD_WRITE), 0);
	uint32_t file = peek_u32(program, OUT);
	CHECK_ERR(hf_p1_fd_filestat_set_times(file, 1, 1, HF_FST_ATIM), HF_EROFS);
	CHECK_ERR(open_it(ro, "f", 0, 0, HF_RIGHT_FD_WRITE), HF_EROFS);
	CHECK_ERR(open_it(ro, "f", 0, HF_OFLAG_TRUNC, HF_RIGHT_FD_READ), HF_EROFS);
	CHECK_ERR(open_it(ro, "new", 0, HF_OFLAG_CREAT, HF_RIGHT_FD_READ), HF_EROFS);
	CHECK_ERR(open_it(ro, "d", 0, HF_OFLAG_DIRECTORY, HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE), 0);
	uint32_t below = peek_u32(program, OUT);
	CHECK_ERR(hf_p1_path_unlink_file(PATH_OF(below, "g")), HF_EROFS);
	CHECK_ERR(hf_p1_path_create_directory(PATH_OF(ro, "new")), HF_EROFS);
	CHECK_ERR(hf_p1_path_remove_directory(PATH_OF(ro, "d")), HF_EROFS);
	/* Errors of the path come first. */
	CHECK_ERR(hf_p1_path_create_directory(PATH_OF(ro, "d")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_create_directory(PATH_OF(ro, ".")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_create_directory(PATH_OF(ro, "no/new")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_symlink(SOURCE("x"), PATH_OF(ro, "f")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("f"), PATH_OF(ro, "d")), HF_EEXIST);
	CHECK_ERR(hf_p1_path_unlink_file(PATH_OF(ro, "f/x")), HF_ENOTDIR);
	CHECK_ERR(hf_p1_path_unlink_file(PATH_OF(ro, "no")), HF_EROFS);
	CHECK_ERR(hf_p1_path_rename(ro, SOURCE("no/no"), PATH("new")), HF_ENOENT);
	CHECK_ERR(hf_p1_path_filestat_set_times(PATH_OF_TIMES(ro, "no"), 5, 6, HF_FST_ATIM), HF_ENOENT);
	CHECK_ERR(hf_p1_path_symlink(SOURCE("x"), PATH_OF(ro, "new")), HF_EROFS);
	CHECK_ERR(hf_p1_path_link(ro, 0, SOURCE("f"), PATH("new")), HF_EROFS);
	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("f"), PATH_OF(ro, "new")), HF_EROFS);
	CHECK_ERR(hf_p1_path_rename(ro, SOURCE("f"), PATH("new")), HF_EROFS);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("f"), PATH_OF(ro, "new")), HF_EROFS);
	uint32_t size = poke_text(program, 1024, "f");
	CHECK_ERR(hf_p1_path_filestat_set_times(ro, 0, 1024, size, 5, 6, HF_FST_ATIM), HF_EROFS);

	CHECK_ERR(hf_p1_path_link(3, 0, SOURCE("f"), PATH_OF(elsewhere, "new")), HF_EXDEV);
	CHECK_ERR(hf_p1_path_rename(3, SOURCE("f"), PATH_OF(elsewhere, "new")), HF_EXDEV);
}

static uint32_t preopen(struct hf_vnode *root, bool is_read_only)
{
	struct hf_file *file = d_open(root, HF_READ, 0);
	hf_vnode_file(file)->read_only_tree = is_read_only;
	int fd = hf_fd_insert_preopen(&program->process->fds, file, "/x", 2, HF_RIGHTS_ALL, HF_RIGHTS_ALL);
	CHECK(fd > 3);
	return (uint32_t)fd;
}

int main(void)
{
	program = program_begin();
	struct hf_vnode *root = program->fs.root;
	struct fs elsewhere = fs_begin();
	CHECK_OK(f_put(root, "/f", "text"));
	CHECK_OK(f_mkdir(root, "/d"));
	CHECK_OK(f_put(root, "/d/g", ""));
	CHECK_OK(f_symlink(root, "f", "/to-f"));
	CHECK_OK(f_symlink(root, "no-such-file", "/nowhere"));
	CHECK_OK(f_symlink(root, "loop", "/loop"));
	check_names();
	check_two_paths();
	check_attributes();
	check_read_only(preopen(root, true), preopen(elsewhere.root, false));
	/* So far nothing has changed. */
	char names[100];
	f_list(root, names, sizeof names);
	CHECK(strcmp(names, ". .. f d to-f nowhere loop ") == 0);
	f_check_text(root, "/f", "text");
	check_open();
	fs_end(&elsewhere);
	program_end(program);
	return done();
}
