/* path.h - from a directory and a path to a vnode, without ever leaving that directory.
 *
 * Paths are bytes, as in WASI: relative to `base`, which neither ".." nor a link may leave. HF_PATH_ROOTED is for hf.fs (the page's view): there "/"
 * and ".." at the top mean `base` itself, as after chroot, and absolute links are resolved from it. */
#ifndef HF_FS_PATH_H
#define HF_FS_PATH_H

#include "fs/vnode.h"

enum hf_path_flags {
	HF_PATH_FOLLOW = 1 << 0, /* follow a symbolic link in the last component */
	HF_PATH_ROOTED = 1 << 1,
	HF_PATH_PARENT = 1 << 2, /* the last component need not exist: return its directory and name as well */
};

/* The last component of a path, after following links. */
enum hf_path_last {
	HF_PATH_NAME,
	HF_PATH_DOT,
	HF_PATH_DOTDOT,
	HF_PATH_BASE, /* with HF_PATH_ROOTED: "/" alone */
};

/* The result of a walk. Owns references to parent and vnode; hf_path_release drops them. */
struct hf_path {
	struct hf_vnode *vnode; /* the object; NULL with HF_PATH_PARENT when the name does not exist */
	/* With HF_PATH_PARENT: the directory that holds (or would hold) the name; NULL unless `last` is HF_PATH_NAME (then
	 * `vnode` is set). */
	struct hf_vnode *parent;
	enum hf_path_last last;
	char name[HF_NAME_MAX + 1]; /* with HF_PATH_PARENT: the last component; a NUL follows it */
	size_t name_size;
	/* The path, or the last link followed, ended in '/' (or "/."), so the object must be a directory. Without HF_PATH_PARENT this was checked. With
	 * it the caller checks, because the error for "file/" depends on the call: unlink and rename return ENOTDIR, mkdir and link EEXIST; and "new/" is
	 * ENOENT or EISDIR except for mkdir and for renaming a directory. */
	bool must_be_dir;
};

/* Returns 0, and the caller must release `out`; or an error, with nothing to release. Blocks if the file system's lookup does.
 *
 * Errors: ENOENT (also for an empty path), ENOTDIR, ELOOP, ENAMETOOLONG, EILSEQ (not UTF-8), EINVAL (a NUL byte), EPERM (the path would leave the
 * base, or the path or a link is absolute), ENOMEM, and the errors of the file system's lookup.
 *
 * With HF_PATH_PARENT and HF_PATH_FOLLOW, a dangling link yields the directory and name that it points at (for open with O_CREAT). A trailing slash
 * after a symbolic link follows the link, except with HF_PATH_PARENT: then, as on Linux, "link/" names the link itself, which is not a directory
 * (open with O_CREAT: EISDIR; unlink, rmdir, rename: ENOTDIR; mkdir, link: EEXIST).
 *
 * ".." goes back to the directory that the walk came from, even if that directory was moved in the meantime, so a rename during a walk cannot lead it
 * out of its base. */
HF_MUST_CHECK int hf_path_walk(struct hf_vnode *base, const char *path, size_t size, unsigned flags,
                               struct hf_path *out);
/* Drops the references of a walk's result. */
void hf_path_release(struct hf_path *path);
/* Returns 0 if the bytes are UTF-8 without a NUL, as names and link targets must be; else -HF_EILSEQ or -HF_EINVAL. */
HF_MUST_CHECK int hf_path_check_text(const char *text, size_t size);

#endif
