/* file_io.h - reads and writes open file descriptions with kernel buffers. Each function returns the number of bytes moved, or a negated error number. */
#ifndef HF_TEST_FILE_IO_H
#define HF_TEST_FILE_IO_H

#include "kernel/file.h"
#include "support/check.h"

/* Keeps the caller's reference to the vnode. */
struct hf_file *d_open(struct hf_vnode *vnode, unsigned access, uint16_t flags);
/* Takes ownership of that end's hold. */
struct hf_file *d_open_pipe(struct hf_pipe *pipe, enum hf_access end);

int d_read(struct hf_file *file, void *buffer, uint32_t size);
int d_write(struct hf_file *file, const void *bytes, uint32_t size);
int d_pread(struct hf_file *file, uint64_t offset, void *buffer, uint32_t size);
int d_pwrite(struct hf_file *file, uint64_t offset, const void *bytes, uint32_t size);
/* Returns the new offset. */
int64_t d_seek(struct hf_file *file, int64_t offset, enum hf_whence whence);

#endif
