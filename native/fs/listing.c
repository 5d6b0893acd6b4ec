/* listing.c - a directory's entries, listed into a buffer. */
#include "fs/listing.h"

#include <string.h>

struct listing {
	char *at;
	uint32_t left;
};

static bool put_entry(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name,
                      uint32_t name_size)
{
	struct listing *listing = context;
	uint32_t padded = (name_size + 7) & ~UINT32_C(7);
	const struct hf_fs_entry entry = {(double)next, (double)ino, filetype, name_size};
	if (listing->left < sizeof entry + padded)
		return false;
	memcpy(listing->at, &entry, sizeof entry);
	memcpy(listing->at + sizeof entry, name, name_size);
	listing->at += sizeof entry + padded;
	listing->left -= sizeof entry + padded;
	return true;
}

int hf_vnode_list(struct hf_vnode *dir, uint64_t cookie, void *buffer, uint32_t size)
{
	struct listing listing = {buffer, size};
	int result = dir->ops->readdir ? dir->ops->readdir(dir, cookie, put_entry, &listing) : -HF_ENOTDIR;
	return result < 0 ? result : (int)(size - listing.left);
}
