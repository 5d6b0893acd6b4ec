/* A poll reports how many bytes of a file are left to read without the locks of the description and of the file, which long transfers hold. */
#include "fs/memnode.h"
#include "kernel/poll.h"
#include "kernel/vnode_file.h"
#include "support/file_io.h"
#include "support/files.h"
#include "support/threads.h"

int main(void)
{
	struct hf_thread *thread = thread_begin();
	struct fs fs = fs_begin();
	struct hf_vnode *vnode;
	char bytes[4];
	CHECK_OK(f_put(fs.root, "/file", "0123456789"));
	CHECK_OK(f_open(fs.root, "/file", 0, &vnode));
	struct hf_poll_entry entry = {.file = d_open(vnode, HF_READ, 0), .events = HF_READY_IN};
	struct hf_vnode_file *file = hf_vnode_file(entry.file);
	CHECK_EQ(d_read(entry.file, bytes, sizeof bytes), sizeof bytes);

	hf_lock(&file->lock);
	CHECK_EQ(hf_poll(thread, &entry, 1, 0), 1);
	hf_unlock(&file->lock);
	CHECK_EQ(entry.bytes, 6);
	CHECK_OK(f_truncate(fs.root, "/file", 7));
	hf_lock(&hf__memnode(vnode)->lock);
	CHECK_EQ(hf_poll(thread, &entry, 1, 0), 1);
	hf_unlock(&hf__memnode(vnode)->lock);
	CHECK_EQ(entry.bytes, 3);
	CHECK_OK(f_truncate(fs.root, "/file", 1));
	CHECK_EQ(hf_poll(thread, &entry, 1, 0), 1);
	CHECK_EQ(entry.bytes, 0);

	hf_file_unref(entry.file);
	hf_vnode_unref(vnode);
	fs_end(&fs);
	thread_end(thread);
	return done();
}
