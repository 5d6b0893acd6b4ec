/* at.h - operations on the name at the end of a path: make, remove, link, rename.
 *
 * Each takes what hf_path_walk found with HF_PATH_PARENT, and leaves it to the caller to release. The errors are Linux's, in Linux's order;
 * after those named here come the directory's own (vnode.h). Permissions are not checked here: wasi/path.c checks read-only trees, marks and
 * rights, and the page has no such limits (coordinator/root.c). Any thread; blocks if the file system does. */
#ifndef HF_FS_AT_H
#define HF_FS_AT_H

#include "fs/path.h"

/* EEXIST, for "." and the like as well. */
HF_MUST_CHECK int hf_at_mkdir(const struct hf_path *at);
/* EINVAL for ".", ENOTEMPTY for "..", EBUSY for the base; ENOENT. */
HF_MUST_CHECK int hf_at_rmdir(const struct hf_path *at);
/* EISDIR, ENOENT; ENOTDIR for "file/". */
HF_MUST_CHECK int hf_at_unlink(const struct hf_path *at);
/* EEXIST; ENOENT for "new/". The target is text that hf_path_check_text accepts. */
HF_MUST_CHECK int hf_at_symlink(const struct hf_path *at, const char *target, size_t target_size);
/* Another name for the vnode. EEXIST; ENOENT for "new/"; EXDEV. */
HF_MUST_CHECK int hf_at_link(const struct hf_path *at, struct hf_vnode *vnode);
/* EBUSY for "." and the like; ENOENT; ENOTDIR for "file/"; EXDEV. */
HF_MUST_CHECK int hf_at_rename(const struct hf_path *from, const struct hf_path *to);
/* Changes nothing: 0, or one of the errors named at hf_at_rename, for callers whose own errors come after these. */
HF_MUST_CHECK int hf_at_check_rename(const struct hf_path *from, const struct hf_path *to);
/* Returns the existing vnode, else a new regular file: open with O_CREAT. EEXIST if `exclusive` and the name exists; EISDIR for "new/". The
 * caller owns the reference in *out, which may be of any kind, also one that another thread made between the walk and now, so the caller
 * checks what it needs. */
HF_MUST_CHECK int hf_at_find_or_make(const struct hf_path *at, bool exclusive, struct hf_vnode **out);

#endif
