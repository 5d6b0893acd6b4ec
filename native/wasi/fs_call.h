/* fs_call.h - calls on paths below a directory, in any edition of WASI: path.c (preview 1) and p2/ (preview 2) fill in a call, whose paths are in the
 * kernel's memory.
 *
 * Called by a guest's thread, in the kernel, with no lock held; blocks if the file system does. */
#ifndef HF_WASI_FS_CALL_H
#define HF_WASI_FS_CALL_H

#include "kernel/process.h"

/* What to do. Each number is that of the bit of the right that it requires of the directory. A link and a rename require the next right of the second
 * directory. */
enum hf_fs_op {
	/* Create the name. */
	HF_FS_MKDIR = 9,
	HF_FS_SYMLINK = 24,
	HF_FS_LINK = 11,
	/* Remove or move the name. */
	HF_FS_RMDIR = 25,
	HF_FS_UNLINK = 26,
	HF_FS_RENAME = 16,
	/* Use the file that the name refers to. */
	HF_FS_SET_TIMES = 20,
	HF_FS_READLINK = 15,
	HF_FS_STAT = 18,
	HF_FS_OPEN = 13,
};
#define HF_FS_RIGHT(op) (UINT64_C(1) << (op))
_Static_assert(HF_FS_RIGHT(HF_FS_MKDIR) == HF_RIGHT_PATH_CREATE_DIRECTORY, "");
_Static_assert(HF_FS_RIGHT(HF_FS_SYMLINK) == HF_RIGHT_PATH_SYMLINK, "");
_Static_assert(HF_FS_RIGHT(HF_FS_LINK) == HF_RIGHT_PATH_LINK_SOURCE, "");
_Static_assert(HF_FS_RIGHT(HF_FS_LINK + 1) == HF_RIGHT_PATH_LINK_TARGET, "");
_Static_assert(HF_FS_RIGHT(HF_FS_RMDIR) == HF_RIGHT_PATH_REMOVE_DIRECTORY, "");
_Static_assert(HF_FS_RIGHT(HF_FS_UNLINK) == HF_RIGHT_PATH_UNLINK_FILE, "");
_Static_assert(HF_FS_RIGHT(HF_FS_RENAME) == HF_RIGHT_PATH_RENAME_SOURCE, "");
_Static_assert(HF_FS_RIGHT(HF_FS_RENAME + 1) == HF_RIGHT_PATH_RENAME_TARGET, "");
_Static_assert(HF_FS_RIGHT(HF_FS_SET_TIMES) == HF_RIGHT_PATH_FILESTAT_SET_TIMES, "");
_Static_assert(HF_FS_RIGHT(HF_FS_READLINK) == HF_RIGHT_PATH_READLINK, "");
_Static_assert(HF_FS_RIGHT(HF_FS_STAT) == HF_RIGHT_PATH_FILESTAT_GET, "");
_Static_assert(HF_FS_RIGHT(HF_FS_OPEN) == HF_RIGHT_PATH_OPEN, "");

/* A path, relative to a descriptor. */
struct hf_fs_path {
	uint32_t fd;
	uint32_t size;
	const char *text;
};

struct hf_fs_call {
	enum hf_fs_op op;
	unsigned follow; /* HF_PATH_FOLLOW: follow a symbolic link in the path's last component */
	union {
		/* The target of a new symbolic link. For a readlink, the buffer, where at most `size` bytes are put. */
		struct {
			char *bytes;
			uint32_t size;
		} text;
		/* The new times; NULL leaves one unchanged. */
		struct {
			const uint64_t *atim, *mtim;
		} times;
		struct hf_attr attr; /* the result of a stat */
		struct {
			uint64_t rights, inheriting; /* the requested ones; those for reading and writing determine the access */
			uint32_t oflags;             /* enum hf_oflags */
			uint32_t fdflags;            /* enum hf_fdflags */
			/* fs_call.c's own: */
			bool read_only;
			uint64_t grantable; /* rights that the directory passes on */
		} open;
	};
	struct hf_fs_path at; /* for a link or a rename, the old path */
	struct hf_fs_path to; /* for them, the new path */
};

/* Makes the call. Returns the new descriptor of an open, the number of bytes of a readlink, else 0; or an error: -HF_EBADF, -HF_ENOTDIR if a descriptor
 * is not a directory's, -HF_ENOTCAPABLE if it lacks a right, -HF_EMFILE, -HF_EROFS in a read-only tree, -HF_EACCES for what is marked as read-only
 * (vnode.h), those of path.h and at.h, and of the file system. */
HF_MUST_CHECK int hf_fs_call(struct hf_thread *t, struct hf_fs_call *call);

#endif
