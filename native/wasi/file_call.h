/* file_call.h - changes of an open file that every edition of WASI can make: fd.c (preview 1) and p2/descriptor.c (preview 2) call these for a descriptor
 * that they have found and keep open. They are inline, because p2/ is a separate module in the browser.
 *
 * Called by a guest's thread, in the kernel, with no lock held; they block if the file system does, and return 0 or an error. */
#ifndef HF_WASI_FILE_CALL_H
#define HF_WASI_FILE_CALL_H

#include "kernel/fdtable.h"
#include "kernel/vnode_file.h"

/* NULL leaves a time unchanged. -HF_EROFS. */
static inline int hf__file_set_times(struct hf_vnode_file *file, const uint64_t *atim, const uint64_t *mtim)
{
	if (!atim && !mtim)
		return 0; /* no change was requested, so not even ctim changes (path_filestat_set_times) */
	return file->read_only_tree ? -HF_EROFS : file->vnode->ops->set_times(file->vnode, atim, mtim);
}

/* For a file that has a vnode. -HF_EISDIR, -HF_EFBIG, -HF_ENOTCAPABLE; -HF_EINVAL if it cannot be written or is not a regular file. */
static inline int hf__file_set_size(const struct hf_fd_view *view, uint64_t size)
{
	struct hf_vnode *vnode = hf_vnode_file(view->file)->vnode;
	if (view->file->filetype == HF_FILETYPE_DIRECTORY)
		return -HF_EISDIR;
	if (!(view->file->access & HF_WRITE) || view->file->filetype != HF_FILETYPE_REGULAR_FILE)
		return -HF_EINVAL;
	if (!(view->rights & HF_RIGHT_FD_FILESTAT_SET_SIZE))
		return -HF_ENOTCAPABLE;
	return size > INT64_MAX ? -HF_EFBIG : vnode->ops->truncate(vnode, size);
}

static inline int hf__vnode_sync(struct hf_vnode *vnode)
{
	return vnode->ops->sync ? vnode->ops->sync(vnode) : 0;
}

#endif
