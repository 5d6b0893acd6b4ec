/* file.c - the code that all kinds of open file descriptions share. */
#include "kernel/file.h"

#include <string.h>

#include "platform/alloc.h"

void *hf__file_create(size_t size, const struct hf_file_ops *ops, uint8_t filetype, unsigned access)
{
	struct hf_file *file = hf_alloc_zeroed(size);
	if (!file)
		return NULL;
	atomic_init(&file->refs, 1);
	file->ops = ops;
	file->filetype = filetype;
	file->access = (uint8_t)access;
	return file;
}

void hf__file_destroy(struct hf_file *file)
{
	file->ops->destroy(file);
	hf_free(file);
}

int hf__file_no_offset(struct hf_file *file, uint64_t offset, struct hf_uio *uio)
{
	(void)file;
	(void)offset;
	(void)uio;
	return -HF_ESPIPE;
}

int hf__file_no_seek(struct hf_file *file, int64_t offset, enum hf_whence whence, uint64_t *out)
{
	(void)file;
	(void)offset;
	(void)whence;
	(void)out;
	return -HF_ESPIPE;
}

int hf__file_put_attr(const struct hf_file *file, uint64_t ino, struct hf_attr *out)
{
	memset(out, 0, sizeof *out);
	out->ino = ino;
	out->filetype = file->filetype;
	out->nlink = 1;
	return 0;
}
