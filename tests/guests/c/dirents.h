/* dirents.h - reads a directory through fd_readdir, entry by entry, with a buffer of any size. */
#ifndef GUEST_DIRENTS_H
#define GUEST_DIRENTS_H

#include "fs.h"

struct entry {
	__wasi_dirent_t head;
	char name[300];
};

/* Calls `each` for every complete entry from `cookie` on, calling fd_readdir with a buffer of `size` bytes as often as necessary, until `each`
 * returns false or the directory ends. Returns the cookie to continue with. The longest entry must fit into `size` bytes. */
static inline uint64_t each_entry(int fd, uint64_t cookie, size_t size, bool (*each)(const struct entry *, void *),
                                  void *context)
{
	static uint8_t buffer[65536];
	__wasi_size_t used;

	CHECK(size <= sizeof buffer);
	do {
		CHECK_OK(__wasi_fd_readdir(fd, buffer, size, cookie, &used));
		CHECK(used <= size);
		for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= used;) {
			struct entry entry;
			memcpy(&entry.head, buffer + at, sizeof entry.head);
			at += sizeof entry.head;
			CHECK(entry.head.d_namlen > 0 && entry.head.d_namlen < sizeof entry.name);
			if (at + entry.head.d_namlen > used) {
				CHECK_EQ(used, size); /* only a full buffer may cut an entry */
				break;
			}
			memcpy(entry.name, buffer + at, entry.head.d_namlen);
			entry.name[entry.head.d_namlen] = '\0';
			CHECK_EQ(strlen(entry.name), entry.head.d_namlen);
			at += entry.head.d_namlen;
			CHECK(entry.head.d_next != cookie);
			cookie = entry.head.d_next;
			if (!each(&entry, context))
				return cookie;
		}
	} while (used == size);
	return cookie;
}

static inline bool count_entry(const struct entry *entry, void *count)
{
	(void)entry;
	++*(int *)count;
	return true;
}

/* Returns the number of entries, including "." and "..". */
static inline int count_entries(int fd)
{
	int count = 0;
	each_entry(fd, 0, 4096, count_entry, &count);
	return count;
}

#endif
