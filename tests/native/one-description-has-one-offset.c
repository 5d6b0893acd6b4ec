/* Descriptors that share a description share its offset; descriptions of one file each have their own; pread and pwrite change none. */
#include "support/file_io.h"
#include "support/files.h"

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *vnode;
	char buffer[8];
	CHECK_OK(f_open(fs.root, "/f", F_CREATE, &vnode));
	struct hf_file *first = d_open(vnode, HF_READ | HF_WRITE, 0);
	struct hf_file *same = hf_file_ref(first), *second = d_open(vnode, HF_READ, 0);
	hf_vnode_unref(vnode);

	CHECK_EQ(d_write(first, "abcdef", 6), 6);
	CHECK_EQ(d_seek(same, 0, HF_WHENCE_CUR), 6);
	CHECK_EQ(d_seek(second, 0, HF_WHENCE_CUR), 0);
	CHECK_EQ(d_seek(same, -4, HF_WHENCE_CUR), 2);
	CHECK_EQ(d_read(first, buffer, 2), 2);
	CHECK_BYTES(buffer, "cd", 2);
	CHECK_EQ(d_read(second, buffer, 8), 6);
	CHECK_EQ(d_read(second, buffer, 8), 0);
	CHECK_EQ(d_pread(first, 1, buffer, 3), 3);
	CHECK_BYTES(buffer, "bcd", 3);
	CHECK_EQ(d_pwrite(first, 10, "z", 1), 1);
	CHECK_EQ(d_pread(first, 100, buffer, 8), 0);
	CHECK_EQ(d_seek(first, 0, HF_WHENCE_CUR), 4);

	hf_file_unref(first);
	CHECK_EQ(d_read(same, buffer, 2), 2);
	CHECK_BYTES(buffer, "ef", 2);
	hf_file_unref(same);
	hf_file_unref(second);
	hf_file_unref(NULL);
	fs_end(&fs);
	return done();
}
