/* Bytes that a process adds to a file system also count against its own limit: there it gets ENOSPC while others do not, and removing bytes frees
 * them again. Removing another process's bytes does not raise its limit. */
#include "support/files.h"

#include "fs/budget.h"

#include <string.h>

static char bytes[4 * 65536];

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *mine = NULL, *theirs = NULL;
	struct hf_budget account;
	hf_budget_init(&account, 2 * 65536);
	memset(bytes, 'x', sizeof bytes - 1);

	CHECK_OK(f_open(fs.root, "theirs", F_CREATE, &theirs));
	CHECK_EQ(f_write(theirs, 0, bytes, sizeof bytes), sizeof bytes);
	CHECK_OK(f_open(fs.root, "mine", F_CREATE, &mine));

	hf_account = &account;
	CHECK_EQ(f_write(mine, 0, bytes, sizeof bytes), 2 * 65536);
	CHECK_ERR(f_write(mine, 2 * 65536, "x", 1), -HF_ENOSPC);
	CHECK_ERR(f_symlink(fs.root, "target", "link"), -HF_ENOSPC);
	/* Overwriting needs no space. */
	CHECK_EQ(f_write(theirs, 0, "yy", 2), 2);
	hf_account = NULL;
	CHECK_EQ(f_write(theirs, 4 * 65536, bytes, 65536), 65536);

	hf_account = &account;
	CHECK_OK(mine->ops->truncate(mine, 65536));
	CHECK_EQ(hf_budget_used(&account), 65536);
	CHECK_EQ(f_write(mine, 65536, bytes, 65536), 65536);
	/* It may remove more than it ever added; its account is then as at the start. */
	CHECK_OK(theirs->ops->truncate(theirs, 0));
	CHECK_EQ(hf_budget_used(&account), 0);
	CHECK_EQ(f_write(theirs, 0, bytes, sizeof bytes), 2 * 65536);
	/* The file system itself is full: nothing is charged. */
	hf_account = NULL;
	struct fs small = fs_begin_limited((struct hf_memfs_limits){.bytes = 100});
	struct hf_budget plenty;
	hf_budget_init(&plenty, 0);
	hf_account = &plenty;
	CHECK_ERR(f_symlink(small.root, bytes, "link"), -HF_ENAMETOOLONG);
	memset(bytes + 200, 0, 1);
	CHECK_ERR(f_symlink(small.root, bytes, "link"), -HF_ENOSPC);
	CHECK_EQ(hf_budget_used(&plenty), 0);
	hf_account = NULL;
	fs_end(&small);

	hf_vnode_unref(mine);
	hf_vnode_unref(theirs);
	fs_end(&fs);
	return done();
}
