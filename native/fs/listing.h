/* listing.h - a directory's entries, listed into a buffer. */
#ifndef HF_FS_LISTING_H
#define HF_FS_LISTING_H

#include "fs/vnode.h"

/* Lists entries from `cookie` on (0: the start; else the `next` of an entry), as many as fit: each is an hf_fs_entry and the name, padded to 8 bytes.
 * "." and ".." are among them. Returns the number of bytes used (0: no more entries, if the buffer has room for the longest name), or an error. Any
 * thread; blocks if the file system does. */
HF_MUST_CHECK int hf_vnode_list(struct hf_vnode *dir, uint64_t cookie, void *buffer, uint32_t size);

#endif
