/* A path that ends in a slash, in "." or in ".." names a directory, and each call says in its way when there is none. */
#include "support/files.h"

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
		const char *name; /* NULL: the path has no parent to tell */
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
	/* A link to "/" alone has no name to tell, either. */
	struct hf_path out = walked(root, "to-root", HF_PATH_PARENT | HF_PATH_FOLLOW | HF_PATH_ROOTED);
	CHECK(out.last == HF_PATH_BASE && out.vnode == root && !out.parent);
	hf_path_release(&out);
}

static void check_calls(struct hf_vnode *root)
{
	struct hf_vnode *out = NULL;
	struct hf_attr attr;
	CHECK_ERR(f_open(root, "file/", 0, &out), -HF_ENOTDIR);
	CHECK_ERR(f_open(root, "file/.", 0, &out), -HF_ENOTDIR);
	CHECK_ERR(f_open(root, "file/..", 0, &out), -HF_ENOTDIR);
	CHECK_ERR(f_open(root, "new/", 0, &out), -HF_ENOENT);
	CHECK_ERR(f_open(root, "new/", F_CREATE, &out), -HF_EISDIR);
	CHECK_ERR(f_open(root, "file/", F_CREATE, &out), -HF_EISDIR);
	CHECK_ERR(f_open(root, "dir/.", F_CREATE, &out), -HF_EISDIR);
	CHECK_ERR(f_open(root, "dir", F_WRITE, &out), -HF_EISDIR);
	CHECK_ERR(f_open(root, "file", F_DIRECTORY, &out), -HF_ENOTDIR);
	CHECK_ERR(f_stat(root, "file/", false, &attr), -HF_ENOTDIR);
	/* After a link it follows the link, also for those who otherwise would not. */
	CHECK_OK(f_stat(root, "to-dir", false, &attr));
	CHECK_EQ(attr.filetype, HF_FILETYPE_SYMBOLIC_LINK);
	CHECK_OK(f_stat(root, "to-dir/", false, &attr));
	CHECK_EQ(attr.filetype, HF_FILETYPE_DIRECTORY);

	CHECK_ERR(f_unlink(root, "file/"), -HF_ENOTDIR);
	CHECK_ERR(f_unlink(root, "to-dir/"), -HF_ENOTDIR);
	CHECK_ERR(f_unlink(root, "dir/"), -HF_EISDIR);
	CHECK_ERR(f_rmdir(root, "to-dir/"), -HF_ENOTDIR);
	CHECK_ERR(f_rmdir(root, "file/"), -HF_ENOTDIR);
	CHECK_ERR(f_mkdir(root, "file/"), -HF_EEXIST);
	CHECK_ERR(f_mkdir(root, "to-dir/"), -HF_EEXIST);
	CHECK_ERR(f_symlink(root, "x", "new/"), -HF_ENOENT);
	CHECK_ERR(f_link(root, "file", "new/", false), -HF_ENOENT);
	CHECK_ERR(f_link(root, "file/", "new", false), -HF_ENOTDIR);
	CHECK_ERR(f_rename(root, "file/", "new"), -HF_ENOTDIR);
	CHECK_ERR(f_rename(root, "file", "new/"), -HF_ENOTDIR);
	CHECK_OK(f_rename(root, "dir/", "new/"));
	CHECK_OK(f_mkdir(root, "dir//"));
	CHECK_OK(f_rmdir(root, "new/"));
}

int main(void)
{
	struct fs fs = fs_begin();
	CHECK_OK(f_mkdir(fs.root, "dir"));
	CHECK_OK(f_put(fs.root, "file", ""));
	CHECK_OK(f_symlink(fs.root, "dir", "to-dir"));
	CHECK_OK(f_symlink(fs.root, "/", "to-root"));
	check_ends(fs.root);
	check_calls(fs.root);
	fs_end(&fs);
	return done();
}
