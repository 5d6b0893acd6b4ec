/* Pipes and devices have no offset: seek, pread and pwrite fail with ESPIPE, and an end supports only its own direction. */
#include "fs/devfs.h"
#include "kernel/vnode_file.h"
#include "support/file_io.h"
#include "support/pipes.h"

static void check_no_offset(struct hf_file *file)
{
	char byte;
	CHECK_ERR(d_seek(file, 0, HF_WHENCE_CUR), -HF_ESPIPE);
	CHECK_ERR(d_seek(file, 1, HF_WHENCE_SET), -HF_ESPIPE);
	CHECK_ERR(d_pread(file, 0, &byte, 1), -HF_ESPIPE);
	CHECK_ERR(d_pwrite(file, 0, "x", 1), -HF_ESPIPE);
}

static void check_pipe(void)
{
	struct hf_pipe *pipe = pipe_begin(0);
	struct hf_file *in = d_open_pipe(pipe, HF_READ), *out = d_open_pipe(pipe, HF_WRITE);
	struct hf_attr attr;
	char buffer[4];
	uint64_t bytes;
	check_no_offset(in);
	check_no_offset(out);
	CHECK_EQ(d_write(out, "abcd", 4), 4);
	CHECK_EQ(d_read(in, buffer, 3), 3);
	CHECK_ERR(d_read(out, buffer, 1), -HF_EBADF);
	CHECK_ERR(d_write(in, buffer, 1), -HF_EBADF);
	/* An end is never ready for the other direction. */
	CHECK_EQ(in->ops->poll(in, HF_READY_IN, NULL, &bytes), HF_READY_IN);
	CHECK_EQ(bytes, 1);
	CHECK_EQ(in->ops->poll(in, HF_READY_OUT, NULL, &bytes), 0);
	CHECK_EQ(out->ops->poll(out, HF_READY_OUT, NULL, &bytes), 0);
	CHECK_EQ(d_read(in, buffer, 3), 1);
	CHECK_EQ(out->ops->poll(out, HF_READY_OUT, NULL, &bytes), HF_READY_OUT);
	CHECK_EQ(bytes, HF_PIPE_BUF);
	CHECK_OK(in->ops->getattr(in, &attr));
	CHECK(attr.ino != 0 && attr.size == 0 && attr.nlink == 1 && attr.filetype == HF_FILETYPE_UNKNOWN);
	hf_file_unref(out);
	CHECK_EQ(in->ops->poll(in, HF_READY_IN, NULL, &bytes), HF_READY_IN | HF_READY_HANGUP);
	CHECK_EQ(d_read(in, buffer, 3), 0);
	hf_file_unref(in);
}

static void check_device(void)
{
	struct hf_vnode *zero = hf_device(HF_DEV_ZERO);
	struct hf_file *file = d_open(zero, HF_READ | HF_WRITE, 0);
	char buffer[5] = "abcd";
	uint64_t bytes;
	hf_vnode_unref(zero);
	check_no_offset(file);
	CHECK_EQ(d_read(file, buffer, 4), 4);
	CHECK_BYTES(buffer, "\0\0\0\0", 4);
	CHECK_EQ(d_write(file, "abcd", 4), 4);
	CHECK_EQ(hf_counter_read(&hf_vnode_file(file)->offset), 0);
	CHECK_EQ(file->ops->poll(file, HF_READY_IN, NULL, &bytes), HF_READY_IN);
	hf_file_unref(file);
}

int main(void)
{
	struct hf_thread *thread = thread_begin();
	check_pipe();
	check_device();
	thread_end(thread);
	return done();
}
