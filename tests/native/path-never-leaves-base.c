/* No path and no link leads out of the directory that a walk starts from. */
#include "support/files.h"

#include <string.h>

static struct hf_vnode *base;

/* Walks a path as WASI does, relative to the base, and drops the references to what was found. */
static int walk(const char *path, unsigned flags, struct hf_vnode **found)
{
	struct hf_path out;
	int err = hf_path_walk(base, path, strlen(path), flags, &out);
	*found = NULL;
	if (err == 0) {
		*found = out.vnode;
		hf_path_release(&out);
	}
	return err;
}

/* Through a link at the end, which is followed. */
static void check_link_refused(const char *path)
{
	struct hf_vnode *found;
	CHECK_ERR(walk(path, HF_PATH_FOLLOW, &found), -HF_EPERM);
	CHECK_ERR(walk(path, HF_PATH_PARENT | HF_PATH_FOLLOW, &found), -HF_EPERM);
}

static void check_refused(const char *path)
{
	struct hf_vnode *found;
	CHECK_ERR(walk(path, 0, &found), -HF_EPERM);
	CHECK_ERR(walk(path, HF_PATH_PARENT, &found), -HF_EPERM);
	check_link_refused(path);
}

static void check_leads_to(const char *path, struct hf_vnode *expected)
{
	struct hf_vnode *found;
	CHECK_OK(walk(path, HF_PATH_FOLLOW, &found));
	CHECK(found == expected);
}

static void check_dots(void)
{
	struct hf_vnode *found;
	check_refused("..");
	check_refused("../");
	check_refused("../base");
	check_refused("../outside");
	check_refused("dir/../..");
	check_refused("dir/../../base/dir");
	check_refused("./.././base");
	check_refused("dir/sub/../../../base");
	CHECK_ERR(walk("missing/../..", 0, &found), -HF_ENOENT);
}

static void check_absolute(void)
{
	check_refused("/");
	check_refused("//");
	check_refused("/dir");
	check_refused("/base/dir");
	check_refused("/..");
}

static void check_links(struct hf_vnode *dir)
{
	struct hf_vnode *found;
	check_link_refused("absolute");
	check_link_refused("up");
	check_link_refused("dir/upup");
	check_link_refused("chain");
	check_refused("absolute/x");
	check_refused("up/base");
	check_refused("dir/upup/x");
	check_refused("dir/updir/..");
	/* A link that leads out may be named, if it is not followed. */
	CHECK_OK(walk("absolute", 0, &found));
	CHECK_EQ(found->filetype, HF_FILETYPE_SYMBOLIC_LINK);
	CHECK_OK(walk("up", HF_PATH_PARENT, &found));
	CHECK_EQ(found->filetype, HF_FILETYPE_SYMBOLIC_LINK);
	/* One that goes up and stays inside is followed. */
	check_leads_to("dir/updir", base);
	check_leads_to("dir/updir/dir", dir);
	check_leads_to("dir/sub/../../dir/./", dir);
	check_leads_to(".", base);
	check_leads_to("dir/..", base);
}

/* For hf.fs the base is the root, as after chroot. */
static void check_rooted(struct hf_vnode *dir)
{
	static const char *const paths[] = {"/",  "..",       "../../..", "/../.",       "dir/../..",
	                                    "up", "dir/upup", "chain",    "dir/updir/.."};
	struct hf_vnode *found;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		CHECK_OK(walk(paths[i], HF_PATH_ROOTED | HF_PATH_FOLLOW, &found));
		CHECK(found == base);
	}
	CHECK_OK(walk("/dir", HF_PATH_ROOTED, &found));
	CHECK(found == dir);
	CHECK_OK(walk("../../dir/upup/dir", HF_PATH_ROOTED, &found));
	CHECK(found == dir);
	CHECK_OK(walk("absolute", HF_PATH_ROOTED | HF_PATH_FOLLOW, &found));
	CHECK(found == dir);
	CHECK_OK(walk("dir/absolute/sub/../..", HF_PATH_ROOTED, &found));
	CHECK(found == base);
}

/* Also when a directory is moved during the walk: ".." is the directory that the walk came from. */
static void check_moved_base(struct fs *fs, struct hf_vnode *dir)
{
	CHECK_OK(f_mkdir(fs->root, "elsewhere"));
	CHECK_OK(f_rename(fs->root, "base", "elsewhere/base"));
	check_refused("..");
	check_leads_to("dir/..", base);
	check_leads_to("dir", dir);
}

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *dir = NULL;
	CHECK_OK(f_put(fs.root, "outside", "secret"));
	CHECK_OK(f_mkdir(fs.root, "base"));
	CHECK_OK(f_mkdir(fs.root, "base/dir"));
	CHECK_OK(f_mkdir(fs.root, "base/dir/sub"));
	CHECK_OK(f_symlink(fs.root, "/dir", "base/absolute"));
	CHECK_OK(f_symlink(fs.root, "/dir", "base/dir/absolute"));
	CHECK_OK(f_symlink(fs.root, "..", "base/up"));
	CHECK_OK(f_symlink(fs.root, "../..", "base/dir/upup"));
	CHECK_OK(f_symlink(fs.root, "..", "base/dir/updir"));
	CHECK_OK(f_symlink(fs.root, "dir/updir/up", "base/chain"));
	CHECK_OK(f_open(fs.root, "base", 0, &base));
	CHECK_OK(f_open(fs.root, "base/dir", 0, &dir));
	check_dots();
	check_absolute();
	check_links(dir);
	check_rooted(dir);
	check_moved_base(&fs, dir);
	hf_vnode_unref(dir);
	hf_vnode_unref(base);
	fs_end(&fs);
	return done();
}
