/* at.h - operations on the name at the end of a path: make, remove, link, rename.
 *
 * Each takes the result of hf_path_walk with HF_PATH_PARENT, which the caller still has to release. The errors are Linux's, in Linux's order; besides
 * those named here, a function returns the errors of the directory's operation (vnode.h). Permissions are not checked here: wasi/fs_call.c checks
 * read-only trees, marks and rights, and none of these apply to the page (coordinator/root.c). Any thread; blocks if the file system does. */
#ifndef HF_FS_AT_H
#define HF_FS_AT_H

#include "fs/path.h"

/* EEXIST, also for ".", ".." and "/". */
HF_MUST_CHECK int hf_at_mkdir(const struct hf_path *at);
/* EINVAL for ".", ENOTEMPTY for "..", EBUSY for the base; ENOENT. */
HF_MUST_CHECK int hf_at_rmdir(const struct hf_path *at);
/* EISDIR, ENOENT; ENOTDIR for "file/". */
HF_MUST_CHECK int hf_at_unlink(const struct hf_path *at);
/* EEXIST; ENOENT for "new/". The target is text that hf_path_check_text accepts. */
HF_MUST_CHECK int hf_at_symlink(const struct hf_path *at, const char *target, size_t target_size);
/* Gives the vnode another name. EEXIST; ENOENT for "new/"; EXDEV. */
HF_MUST_CHECK int hf_at_link(const struct hf_path *at, struct hf_vnode *vnode);
/* EBUSY for ".", ".." and "/"; ENOENT; ENOTDIR for "file/"; EXDEV. */
HF_MUST_CHECK int hf_at_rename(const struct hf_path *from, const struct hf_path *to);
/* Only checks: returns 0 or one of the errors listed for hf_at_rename, for callers that report their own errors after these. */
HF_MUST_CHECK int hf_at_check_rename(const struct hf_path *from, const struct hf_path *to);
/* Returns the existing vnode, or else a new regular file, like open with O_CREAT. EEXIST if `exclusive` and the name exists; EISDIR for "new/". The
 * caller owns the reference in *out. The vnode may be of any kind, because another thread may have created it since the walk, so the caller checks
 * what it needs. */
HF_MUST_CHECK int hf_at_find_or_make(const struct hf_path *at, bool exclusive, struct hf_vnode **out);

#endif
