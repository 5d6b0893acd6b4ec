/* A file whose contents are exchanged with another's keeps its inode number, its other names and its open descriptions. No reader sees part of the
 * new contents, and the old contents go to the other file. */
#include "platform/alloc.h"
#include "support/files.h"
#include "support/threads.h"

#include <string.h>

enum { SIZE = 200000, ROUNDS = 300, READERS = 2 };

static struct hf_vnode *file;
static _Atomic bool over;

static struct hf_vnode *draft_of(struct fs *fs, char letter, uint32_t size)
{
	static char bytes[SIZE];
	struct hf_vnode *draft;
	CHECK_OK(hf_memfs_create_unnamed(fs->memfs, &draft));
	memset(bytes, letter, size);
	CHECK_EQ(f_write(draft, 0, bytes, size), size);
	return draft;
}

/* Two letters in one read would be two files' contents. */
static void work(void *context, unsigned number)
{
	struct fs *fs = context;
	static _Thread_local char seen[SIZE];
	if (number > 0) {
		while (!atomic_load(&over)) {
			int64_t count = f_read(file, 0, seen, SIZE);
			CHECK_EQ(count, seen[0] == 'a' ? SIZE : SIZE / 2);
			for (int64_t i = 0; i < count; i++)
				CHECK_EQ(seen[i], seen[0]);
		}
		return;
	}
	for (int i = 0; i < ROUNDS; i++) {
		struct hf_vnode *draft = draft_of(fs, i % 2 ? 'a' : 'b', i % 2 ? SIZE : SIZE / 2);
		CHECK_OK(hf_memfs_exchange(file, draft));
		hf_vnode_unref(draft);
	}
	atomic_store(&over, true);
}

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *draft, *dir;
	char letter;
	CHECK_OK(f_put(fs.root, "/file", "old"));
	CHECK_OK(f_link(fs.root, "/file", "/second", false));
	CHECK_OK(f_open(fs.root, "/file", 0, &file));
	uint64_t ino = file->ino, nodes = hf_memfs_usage(fs.memfs).nodes;

	draft = draft_of(&fs, 'x', 1);
	CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, nodes + 1);
	CHECK_OK(hf_memfs_exchange(file, draft));
	CHECK_EQ(f_size(draft), 3);
	hf_vnode_unref(draft);
	f_check_text(fs.root, "/second", "x");
	CHECK_EQ(f_read(file, 0, &letter, 1), 1);
	CHECK_EQ(letter, 'x');
	CHECK_EQ(file->ino, ino);
	CHECK_EQ(f_nlink(file), 2);
	CHECK_EQ(hf_memfs_usage(fs.memfs).nodes, nodes);

	CHECK_ERR(hf_memfs_exchange(file, file), -HF_EINVAL);
	CHECK_ERR(hf_memfs_exchange(fs.root, file), -HF_EINVAL);
	CHECK_OK(f_mkdir(fs.root, "/dir"));
	CHECK_OK(f_open(fs.root, "/dir", F_DIRECTORY, &dir));
	CHECK_ERR(hf_memfs_exchange(file, dir), -HF_EINVAL);
	hf_vnode_unref(dir);
	hf_alloc_fail_after(0);
	CHECK_ERR(hf_memfs_create_unnamed(fs.memfs, &draft), -HF_ENOSPC);
	hf_alloc_fail_after(UINT32_MAX);

	draft = draft_of(&fs, 'a', SIZE);
	CHECK_OK(hf_memfs_exchange(file, draft));
	hf_vnode_unref(draft);
	in_threads(1 + READERS, work, &fs);
	hf_vnode_unref(file);
	fs_end(&fs);
	return done();
}
