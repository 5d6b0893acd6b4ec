/* files.h - a fresh in-memory file system, and files by path: short forms of what system calls do with path.h and vnode.h, with Linux's errors.
 * Every function returns 0 or more, or a negated error number. */
#ifndef HF_TEST_FILES_H
#define HF_TEST_FILES_H

#include "fs/memfs.h"
#include "fs/path.h"
#include "support/check.h"

/* A new file system and its root; `fs_end` releases both. */
struct fs {
	struct hf_memfs *memfs;
	struct hf_vnode *root;
};
struct fs fs_begin(void);
struct fs fs_begin_limited(struct hf_memfs_limits limits);
void fs_end(struct fs *fs);

enum f_flags {
	F_CREATE = 1 << 0,
	F_EXCL = 1 << 1,
	F_TRUNC = 1 << 2,
	F_DIRECTORY = 1 << 3,
	F_NOFOLLOW = 1 << 4,
	F_WRITE = 1 << 5, /* EISDIR for a directory */
};

/* Paths are taken as after chroot (HF_PATH_ROOTED). */
int f_open(struct hf_vnode *root, const char *path, unsigned flags, struct hf_vnode **out);
int f_mkdir(struct hf_vnode *root, const char *path);
int f_rmdir(struct hf_vnode *root, const char *path);
int f_unlink(struct hf_vnode *root, const char *path);
int f_rename(struct hf_vnode *root, const char *from, const char *to);
int f_link(struct hf_vnode *root, const char *from, const char *to, bool follow);
int f_symlink(struct hf_vnode *root, const char *target, const char *path);
/* Returns the number of bytes. */
int f_readlink(struct hf_vnode *root, const char *path, char *buffer, size_t size);
int f_stat(struct hf_vnode *root, const char *path, bool follow, struct hf_attr *out);
int f_truncate(struct hf_vnode *root, const char *path, uint64_t size);

/* Read and write an open file. Each returns the number of bytes moved. */
int64_t f_read(struct hf_vnode *vnode, uint64_t offset, void *buffer, uint32_t size);
int64_t f_write(struct hf_vnode *vnode, uint64_t offset, const void *data, uint32_t size);
int64_t f_append(struct hf_vnode *vnode, const void *data, uint32_t size, uint64_t *end);
uint64_t f_size(struct hf_vnode *vnode);
uint64_t f_nlink(struct hf_vnode *vnode);

/* Creates or replaces a file with this text. */
int f_put(struct hf_vnode *root, const char *path, const char *text);
/* Checks that the file exists and holds exactly this text. */
void f_check_text(struct hf_vnode *root, const char *path, const char *text);
/* Whether the name exists. Links are not followed. */
bool f_exists(struct hf_vnode *root, const char *path);

/* Returns the names in a directory in order, including "." and "..", each followed by a space. */
void f_list(struct hf_vnode *dir, char *out, size_t size);

/* Walks the tree and checks that it is whole: every name listed once, in order of its cookie, found by lookup, with the listed type and number;
 * ".." and link counts correct. Returns the number of names. No other thread may change the tree meanwhile. */
uint32_t f_check_tree(struct hf_vnode *root);

#endif
