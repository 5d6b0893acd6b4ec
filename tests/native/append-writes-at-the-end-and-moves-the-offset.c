/* O_APPEND: each write goes to the end, wherever the offset was, and leaves the offset after it; pwrite goes there too, and
 * leaves the offset where it was. */
#include "kernel/file.h"

#include "support/file_io.h"
#include "support/files.h"

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *vnode;
	CHECK_OK(f_open(fs.root, "/log", F_CREATE, &vnode));
	struct hf_file *log = d_open(vnode, HF_READ | HF_WRITE, HF_FDFLAG_APPEND);
	struct hf_file *other = d_open(vnode, HF_WRITE, HF_FDFLAG_APPEND);
	struct hf_file *plain = d_open(vnode, HF_READ | HF_WRITE, 0);
	hf_vnode_unref(vnode);

	CHECK_EQ(d_write(log, "one,", 4), 4);
	CHECK_EQ(d_write(other, "two,", 4), 4);
	CHECK_EQ(d_seek(log, 0, HF_WHENCE_CUR), 4);
	CHECK_EQ(d_seek(log, 1, HF_WHENCE_SET), 1);
	CHECK_EQ(d_write(log, "three", 5), 5);
	CHECK_EQ(d_seek(log, 0, HF_WHENCE_CUR), 13);
	/* Nothing written: the offset stays. */
	CHECK_EQ(d_seek(log, 2, HF_WHENCE_SET), 2);
	CHECK_EQ(d_write(log, "", 0), 0);
	CHECK_EQ(d_seek(log, 0, HF_WHENCE_CUR), 2);
	CHECK_EQ(d_pwrite(log, 0, "O", 1), 1);
	CHECK_EQ(d_seek(log, 0, HF_WHENCE_CUR), 2);
	CHECK_EQ(d_write(plain, "X", 1), 1);
	CHECK_EQ(d_pwrite(plain, 4, "T", 1), 1);
	/* The flag can be set and cleared. */
	atomic_store(&log->flags, 0);
	CHECK_EQ(d_write(log, "e", 1), 1);
	atomic_store(&log->flags, HF_FDFLAG_APPEND);
	CHECK_EQ(d_write(log, ".", 1), 1);
	f_check_text(fs.root, "/log", "Xne,Two,threeO.");

	hf_file_unref(log);
	hf_file_unref(other);
	hf_file_unref(plain);
	fs_end(&fs);
	return done();
}
