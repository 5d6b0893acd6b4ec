/* A path that ends in a slash, in "." or in ".." names a directory, and each call returns its own error when there is
 * none. */
#include "support/program.h"

#include <string.h>

static struct hf_path walked(struct hf_vnode *root, const char *path, unsigned flags)
{
	struct hf_path out;
	CHECK_OK(hf_path_walk(root, path, strlen(path), flags, &out));
	return out;
}

/* How a walk for a parent ends. */
static void check_ends(struct hf_vnode *root)
{
	static const struct {
		const char *path;
		enum hf_path_last last;
		const char *name; /* NULL: the path has no parent */
		bool there, must_be_dir;
	} cases[] = {
		{"dir", HF_PATH_NAME, "dir", true, false},
		{"dir/", HF_PATH_NAME, "dir", true, true},
		{".//dir///", HF_PATH_NAME, "dir", true, true},
		{"dir/.", HF_PATH_DOT, NULL, true, true},
		{"dir/./", HF_PATH_DOT, NULL, true, true},
		{"dir/..", HF_PATH_DOTDOT, NULL, true, true},
		{".", HF_PATH_DOT, NULL, true, true},
		{"/", HF_PATH_BASE, NULL, true, true},
		{"..", HF_PATH_DOTDOT, NULL, true, true},
		{"file/", HF_PATH_NAME, "file", true, true},
		{"dir/new", HF_PATH_NAME, "new", false, false},
		{"dir/new/", HF_PATH_NAME, "new", false, true},
		{"to-dir/", HF_PATH_NAME, "to-dir", true, true},
		{"to-dir/.", HF_PATH_DOT, NULL, true, true},
		{"to-root/..", HF_PATH_DOTDOT, NULL, true, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hf_path out = walked(root, cases[i].path, HF_PATH_PARENT | HF_PATH_ROOTED);
		CHECK_EQ(out.last, cases[i].last);
		CHECK_EQ(out.parent != NULL, cases[i].name != NULL);
		CHECK_EQ(out.vnode != NULL, cases[i].there);
		CHECK_EQ(out.must_be_dir, cases[i].must_be_dir);
		if (cases[i].name) {
			CHECK(strcmp(out.name, cases[i].name) == 0);
			CHECK_EQ(out.name_size, strlen(out.name));
		}
		hf_path_release(&out);
	}
	/* A link to "/" alone has no name, either. */
	struct hf_path out = walked(root, "to-root", HF_PATH_PARENT | HF_PATH_FOLLOW | HF_PATH_ROOTED);
	CHECK(out.last == HF_PATH_BASE && out.vnode == root && !out.parent);
	hf_path_release(&out);
}

/* ---- what the system calls return: as Linux ---- */

static struct program *p;

static uint32_t open_at(const char *path, uint32_t oflags, uint64_t rights)
{
	uint32_t size = poke_text(p, 1024, path);
	return hf_p1_path_open(3, HF_LOOKUP_SYMLINK_FOLLOW, 1024, size, oflags, rights, 0, 0, 512);
}

static uint8_t type_of(const char *path, uint32_t err)
{
	uint32_t size = poke_text(p, 1024, path);
	CHECK_EQ(hf_p1_path_filestat_get(3, 0, 1024, size, 512), err);
	return (uint8_t)p->guest->memory[512 + 16];
}

static uint32_t mkdir_at(const char *path)
{
	return hf_p1_path_create_directory(3, 1024, poke_text(p, 1024, path));
}

static uint32_t rmdir_at(const char *path)
{
	return hf_p1_path_remove_directory(3, 1024, poke_text(p, 1024, path));
}

static uint32_t unlink_at(const char *path)
{
	return hf_p1_path_unlink_file(3, 1024, poke_text(p, 1024, path));
}

static uint32_t symlink_at(const char *target, const char *path)
{
	uint32_t target_size = poke_text(p, 1024, target);
	return hf_p1_path_symlink(1024, target_size, 3, 2048, poke_text(p, 2048, path));
}

static uint32_t link_at(const char *from, const char *to)
{
	uint32_t from_size = poke_text(p, 1024, from);
	return hf_p1_path_link(3, 0, 1024, from_size, 3, 2048, poke_text(p, 2048, to));
}

static uint32_t rename_at(const char *from, const char *to)
{
	uint32_t from_size = poke_text(p, 1024, from);
	return hf_p1_path_rename(3, 1024, from_size, 3, 2048, poke_text(p, 2048, to));
}

static void check_opening(void)
{
	static const char *const named[] = {"new/", "file/", "dir/", "to-dir/", "to-file/"};
	CHECK_EQ(open_at("file/", 0, HF_RIGHT_FD_READ), HF_ENOTDIR);
	CHECK_EQ(open_at("file/.", 0, HF_RIGHT_FD_READ), HF_ENOTDIR);
	CHECK_EQ(open_at("file/..", 0, HF_RIGHT_FD_READ), HF_ENOTDIR);
	CHECK_EQ(open_at("new/", 0, HF_RIGHT_FD_READ), HF_ENOENT);
	CHECK_EQ(open_at("dir/.", HF_OFLAG_CREAT, HF_RIGHT_FD_READ), HF_EISDIR);
	CHECK_EQ(open_at("dir", 0, HF_RIGHT_FD_WRITE), HF_EISDIR);
	CHECK_EQ(open_at("file", HF_OFLAG_DIRECTORY, HF_RIGHT_FD_READ), HF_ENOTDIR);
	/* What is made by opening is a file, so a name with a slash is wrong, whatever is there. */
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		CHECK_EQ(open_at(named[i], HF_OFLAG_CREAT, HF_RIGHT_FD_READ), HF_EISDIR);
		CHECK_EQ(open_at(named[i], HF_OFLAG_CREAT | HF_OFLAG_EXCL, HF_RIGHT_FD_READ), HF_EISDIR);
	}
}

static void check_calls(void)
{
	(void)type_of("file/", HF_ENOTDIR);
	/* After a link, the slash makes calls follow the link that otherwise would not. */
	CHECK_EQ(type_of("to-dir", 0), HF_FILETYPE_SYMBOLIC_LINK);
	CHECK_EQ(type_of("to-dir/", 0), HF_FILETYPE_DIRECTORY);

	CHECK_EQ(unlink_at("file/"), HF_ENOTDIR);
	CHECK_EQ(unlink_at("to-dir/"), HF_ENOTDIR);
	CHECK_EQ(unlink_at("dir/"), HF_EISDIR);
	CHECK_EQ(rmdir_at("to-dir/"), HF_ENOTDIR);
	CHECK_EQ(rmdir_at("file/"), HF_ENOTDIR);
	CHECK_EQ(mkdir_at("file/"), HF_EEXIST);
	CHECK_EQ(mkdir_at("to-dir/"), HF_EEXIST);
	CHECK_EQ(symlink_at("x", "new/"), HF_ENOENT);
	CHECK_EQ(link_at("file", "new/"), HF_ENOENT);
	CHECK_EQ(link_at("file/", "new"), HF_ENOTDIR);
	CHECK_EQ(rename_at("file/", "new"), HF_ENOTDIR);
	CHECK_EQ(rename_at("file", "new/"), HF_ENOTDIR);
	CHECK_EQ(rename_at("dir/", "new/"), 0);
	CHECK_EQ(mkdir_at("dir//"), 0);
	CHECK_EQ(rmdir_at("new/"), 0);
}

int main(void)
{
	p = program_begin();
	struct hf_vnode *root = p->fs.root;
	CHECK_OK(f_mkdir(root, "dir"));
	CHECK_OK(f_put(root, "file", ""));
	CHECK_OK(f_symlink(root, "dir", "to-dir"));
	CHECK_OK(f_symlink(root, "file", "to-file"));
	CHECK_OK(f_symlink(root, "/", "to-root"));
	check_ends(root);
	check_opening();
	check_calls();
	program_end(p);
	return done();
}
