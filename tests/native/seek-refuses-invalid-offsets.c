/* Seeking before the start fails with EINVAL, and beyond the largest offset with EOVERFLOW; the offset stays. Seeking beyond the end succeeds. */
#include "support/file_io.h"
#include "support/files.h"

int main(void)
{
	struct fs fs = fs_begin();
	struct hf_vnode *vnode;
	char byte;
	CHECK_OK(f_put(fs.root, "/f", "0123456789"));
	CHECK_OK(f_open(fs.root, "/f", 0, &vnode));
	struct hf_file *file = d_open(vnode, HF_READ | HF_WRITE, 0);
	struct hf_file *dir = d_open(fs.root, HF_READ, 0);
	hf_vnode_unref(vnode);

	CHECK_EQ(d_seek(file, 5, HF_WHENCE_SET), 5);
	CHECK_ERR(d_seek(file, -1, HF_WHENCE_SET), -HF_EINVAL);
	CHECK_ERR(d_seek(file, -6, HF_WHENCE_CUR), -HF_EINVAL);
	CHECK_ERR(d_seek(file, -11, HF_WHENCE_END), -HF_EINVAL);
	CHECK_ERR(d_seek(file, INT64_MIN, HF_WHENCE_SET), -HF_EINVAL);
	CHECK_ERR(d_seek(file, INT64_MIN, HF_WHENCE_CUR), -HF_EINVAL);
	CHECK_ERR(d_seek(file, INT64_MIN, HF_WHENCE_END), -HF_EINVAL);
	CHECK_ERR(d_seek(file, INT64_MAX, HF_WHENCE_CUR), -HF_EOVERFLOW);
	CHECK_ERR(d_seek(file, INT64_MAX, HF_WHENCE_END), -HF_EOVERFLOW);
	CHECK_EQ(d_seek(file, 0, HF_WHENCE_CUR), 5);
	CHECK_EQ(d_seek(file, -5, HF_WHENCE_CUR), 0);
	CHECK_EQ(d_seek(file, -10, HF_WHENCE_END), 0);
	CHECK_EQ(d_seek(file, INT64_MAX, HF_WHENCE_SET), INT64_MAX);
	CHECK_EQ(d_read(file, &byte, 1), 0);
	CHECK_ERR(d_write(file, "x", 1), -HF_EFBIG);
	CHECK_EQ(d_write(file, "", 0), 0);
	CHECK_ERR(d_seek(file, 1, HF_WHENCE_CUR), -HF_EOVERFLOW);
	CHECK_EQ(d_seek(file, INT64_MIN + 1, HF_WHENCE_CUR), 0);

	CHECK_ERR(d_seek(dir, 0, HF_WHENCE_SET), -HF_EISDIR);
	CHECK_ERR(d_read(dir, &byte, 1), -HF_EISDIR);
	CHECK_ERR(d_write(dir, "x", 1), -HF_EISDIR);
	CHECK_ERR(d_pread(dir, 0, &byte, 1), -HF_EISDIR);
	CHECK_ERR(d_pwrite(dir, 0, "x", 1), -HF_EISDIR);
	hf_file_unref(file);
	hf_file_unref(dir);
	fs_end(&fs);
	return done();
}
