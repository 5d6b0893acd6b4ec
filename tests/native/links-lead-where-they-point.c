/* Symbolic links in the middle and at the end of paths, through links, in loops, dangling, followed or not. */
#include "platform/alloc.h"

#include "support/files.h"

#include <stdio.h>
#include <string.h>

static int walk(struct hf_vnode *root, const char *path, unsigned flags, struct hf_path *out)
{
	return hf_path_walk(root, path, strlen(path), flags, out);
}

static void make(struct hf_vnode *root)
{
	CHECK_OK(f_mkdir(root, "dir"));
	CHECK_OK(f_mkdir(root, "dir/sub"));
	CHECK_OK(f_put(root, "dir/file", "text"));
	CHECK_OK(f_symlink(root, "dir", "to-dir"));
	CHECK_OK(f_symlink(root, "sub/../file", "dir/to-file"));
	CHECK_OK(f_symlink(root, "to-dir//to-file", "to-to-file"));
	CHECK_OK(f_symlink(root, "dir/new", "dangling"));
	CHECK_OK(f_symlink(root, "missing/new", "broken"));
	CHECK_OK(f_symlink(root, "loop", "loop"));
	CHECK_OK(f_symlink(root, "pong/x", "ping"));
	CHECK_OK(f_symlink(root, "ping/x", "pong"));
	CHECK_OK(f_symlink(root, "dir/", "to-dir-slash"));
	CHECK_OK(f_symlink(root, "dir/file/", "to-file-slash"));
}

static void check_following(struct hf_vnode *root)
{
	struct hf_vnode *out = NULL;
	char target[16];
	f_check_text(root, "to-dir/file", "text");
	f_check_text(root, "dir/to-file", "text");
	f_check_text(root, "to-to-file", "text");
	f_check_text(root, "to-dir/sub/../to-file", "text");
	f_check_text(root, "to-dir-slash/file", "text");
	CHECK_ERR(f_open(root, "to-dir", F_NOFOLLOW, &out), -HF_ELOOP);
	CHECK_ERR(f_open(root, "to-dir", F_NOFOLLOW | F_DIRECTORY, &out), -HF_ENOTDIR);
	CHECK_ERR(f_open(root, "to-file-slash", 0, &out), -HF_ENOTDIR);
	CHECK_ERR(f_open(root, "to-to-file/x", 0, &out), -HF_ENOTDIR);
	CHECK_ERR(f_open(root, "dangling", 0, &out), -HF_ENOENT);
	CHECK_ERR(f_open(root, "broken", F_CREATE, &out), -HF_ENOENT);
	CHECK_EQ(f_readlink(root, "to-dir", target, sizeof target), 3);
	CHECK_BYTES(target, "dir", 3);
	/* The target is cut to the buffer. */
	CHECK_EQ(f_readlink(root, "to-to-file", target, 4), 4);
	CHECK_BYTES(target, "to-d", 4);
	CHECK_ERR(f_readlink(root, "dir", target, 4), -HF_EINVAL);
	CHECK_ERR(f_readlink(root, "to-dir/", target, 4), -HF_EINVAL);
	/* A link has no bytes of its own. */
	CHECK_OK(root->ops->lookup(root, "to-dir", 6, &out));
	CHECK_ERR(f_read(out, 0, target, 1), -HF_EINVAL);
	CHECK_OK(out->ops->sync(out));
	hf_vnode_unref(out);
}

static void check_loops(struct hf_vnode *root)
{
	struct hf_vnode *out = NULL;
	char name[16], before[16];
	CHECK_ERR(f_open(root, "loop", 0, &out), -HF_ELOOP);
	CHECK_ERR(f_open(root, "loop/x", F_NOFOLLOW, &out), -HF_ELOOP);
	CHECK_ERR(f_open(root, "ping", 0, &out), -HF_ELOOP);
	CHECK_ERR(f_open(root, "ping", F_CREATE, &out), -HF_ELOOP);
	/* A chain of as many links as are allowed, and of one more. */
	strcpy(before, "dir/file");
	for (int i = 1; i <= HF_SYMLOOP_MAX + 1; i++) {
		snprintf(name, sizeof name, "chain%d", i);
		CHECK_OK(f_symlink(root, before, name));
		strcpy(before, name);
	}
	snprintf(name, sizeof name, "chain%d", HF_SYMLOOP_MAX);
	f_check_text(root, name, "text");
	CHECK_ERR(f_open(root, before, 0, &out), -HF_ELOOP);
}

/* For open with O_CREAT: where the target of a dangling link would be. */
static void check_dangling(struct hf_vnode *root)
{
	struct hf_vnode *dir = NULL, *out = NULL;
	struct hf_path at;
	CHECK_OK(f_open(root, "dir", 0, &dir));
	CHECK_OK(walk(root, "dangling", HF_PATH_PARENT | HF_PATH_FOLLOW, &at));
	CHECK(at.vnode == NULL && at.parent == dir && at.name_size == 3 && strcmp(at.name, "new") == 0 && !at.must_be_dir);
	hf_path_release(&at);
	CHECK_OK(walk(root, "dangling", HF_PATH_PARENT, &at));
	CHECK(at.vnode && at.parent == root && strcmp(at.name, "dangling") == 0);
	hf_path_release(&at);
	CHECK_OK(walk(root, "dangling/", HF_PATH_PARENT | HF_PATH_FOLLOW, &at));
	CHECK(at.vnode && at.must_be_dir && strcmp(at.name, "dangling") == 0);
	hf_path_release(&at);
	CHECK_ERR(f_open(root, "dangling", F_CREATE | F_EXCL, &out), -HF_EEXIST);
	CHECK_OK(f_open(root, "dangling", F_CREATE, &out));
	hf_vnode_unref(out);
	CHECK(f_exists(root, "dir/new"));
	hf_vnode_unref(dir);
}

static void check_making(struct hf_vnode *root)
{
	static char target[HF_PATH_MAX + 1];
	memset(target, 'x', sizeof target);
	CHECK_ERR(root->ops->symlink(root, "new", 3, target, sizeof target), -HF_ENAMETOOLONG);
	CHECK_ERR(root->ops->symlink(root, "new", 3, target, 0), -HF_ENOENT);
	CHECK_OK(root->ops->symlink(root, "new", 3, target, HF_PATH_MAX));
	CHECK_ERR(f_symlink(root, "x", "new"), -HF_EEXIST);
	CHECK_ERR(f_symlink(root, "x", "missing/"), -HF_ENOENT);
	struct hf_vnode *out = NULL;
	CHECK_ERR(f_open(root, "new", 0, &out), -HF_ENAMETOOLONG);
}

static void check_without_memory(struct hf_vnode *root)
{
	struct hf_path at;
	hf_alloc_fail_after(0);
	CHECK_ERR(walk(root, "to-dir/file", 0, &at), -HF_ENOMEM);
	hf_alloc_fail_after(1);
	CHECK_ERR(walk(root, "to-to-file", HF_PATH_FOLLOW, &at), -HF_ENOMEM);
	hf_alloc_fail_after(UINT32_MAX);
	/* The directories of a deep path do not fit into the walk's fixed buffer. */
	char path[200] = "";
	for (int i = 0; i < 50; i++) {
		strcat(path, "d/");
		CHECK_OK(f_mkdir(root, path));
	}
	hf_alloc_fail_after(0);
	CHECK_ERR(walk(root, path, 0, &at), -HF_ENOMEM);
	hf_alloc_fail_after(UINT32_MAX);
	CHECK_OK(walk(root, path, 0, &at));
	hf_path_release(&at);
}

int main(void)
{
	struct fs fs = fs_begin();
	make(fs.root);
	check_following(fs.root);
	check_loops(fs.root);
	check_dangling(fs.root);
	check_making(fs.root);
	check_without_memory(fs.root);
	fs_end(&fs);
	return done();
}
