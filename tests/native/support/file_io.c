#include "support/file_io.h"

struct hf_file *d_open(struct hf_vnode *vnode, unsigned access, uint16_t flags)
{
	struct hf_file *file;
	CHECK_OK(hf_file_open(hf_vnode_ref(vnode), access, flags, &file));
	return file;
}

struct hf_file *d_open_pipe(struct hf_pipe *pipe, enum hf_access end)
{
	struct hf_file *file;
	CHECK_OK(hf_file_open_pipe(pipe, end, HF_FILETYPE_UNKNOWN, &file));
	return file;
}

static int moved(int result, uint32_t size, const struct hf_uio *uio)
{
	CHECK(result == 0 || uio->resid == size);
	return result < 0 ? result : (int)(size - uio->resid);
}

int d_read(struct hf_file *file, void *buffer, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, buffer, size);
	return moved(file->ops->read(file, hf_self, &uio), size, &uio);
}

int d_write(struct hf_file *file, const void *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, (void *)(uintptr_t)bytes, size);
	return moved(file->ops->write(file, hf_self, &uio), size, &uio);
}

int d_pread(struct hf_file *file, uint64_t offset, void *buffer, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, buffer, size);
	return moved(file->ops->pread(file, offset, &uio), size, &uio);
}

int d_pwrite(struct hf_file *file, uint64_t offset, const void *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, (void *)(uintptr_t)bytes, size);
	return moved(file->ops->pwrite(file, offset, &uio), size, &uio);
}

int64_t d_seek(struct hf_file *file, int64_t offset, enum hf_whence whence)
{
	uint64_t out;
	int result = file->ops->seek(file, offset, whence, &out);
	return result < 0 ? result : (int64_t)out;
}
