// forms: wrapped
/* A buffer of any size is filled completely: tiny and large buffers receive the same bytes.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static uint8_t whole[4096], part[4096];

int main(void)
{
	__wasi_size_t size, used;

	put_file("a", "");
	put_file("a-longer-name", "");
	put_file("zzz", "");
	CHECK_OK(__wasi_fd_readdir(ROOT, whole, sizeof whole, 0, &size));
	CHECK_EQ(size, 5 * 24 + 1 + 2 + 1 + 13 + 3);

	for (size_t small = 0; small <= size + 30; small++) {
		memset(part, 0xa5, sizeof part);
		CHECK_OK(__wasi_fd_readdir(ROOT, part, small, 0, &used));
		CHECK_EQ(used,
		         small < size ? small : size); /* a full buffer means that there is more; otherwise that was all */
		CHECK_BYTES(part, whole, used);
		for (size_t i = used; i < used + 32; i++)
			CHECK_EQ(part[i], 0xa5);
	}

	/* Starting at any entry's cookie, the listing is the rest of the whole listing. */
	for (size_t at = 0; at < size;) {
		__wasi_dirent_t head;
		memcpy(&head, whole + at, sizeof head);
		at += sizeof head + head.d_namlen;
		CHECK_OK(__wasi_fd_readdir(ROOT, part, sizeof part, head.d_next, &used));
		CHECK_EQ(used, size - at);
		CHECK_BYTES(part, whole + at, used);
	}
	return 0;
}
