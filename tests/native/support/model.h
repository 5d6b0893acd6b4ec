/* model.h - operations on files as messages, so that two sides can perform the same one and compare the replies. */
#ifndef HF_TEST_MODEL_H
#define HF_TEST_MODEL_H

#include "fs/vnode.h"

#define PATH_SIZE 600
#define DATA_MAX 3000
#define ENTRIES_MAX 24

enum op {
	OP_OPEN,
	OP_CLOSE,
	OP_MKDIR,
	OP_RMDIR,
	OP_UNLINK,
	OP_RENAME,
	OP_LINK,
	OP_SYMLINK,
	OP_READLINK,
	OP_STAT,
	OP_TRUNCATE, /* open, set the size, close; WASI has no single call for it */
	OP_LIST,
	/* Operations on an open file. */
	OP_READ,
	OP_WRITE,
	OP_APPEND,
	OP_FTRUNCATE,
	OP_FSTAT,
	OP_ALLOCATE,
};

enum request_flags {
	RQ_CREATE = 1 << 0,
	RQ_EXCL = 1 << 1,
	RQ_TRUNC = 1 << 2,
	RQ_DIRECTORY = 1 << 3,
	RQ_FOLLOW = 1 << 4, /* follow a link at the end of the path */
	/* To open for reading, for writing (without the former), or for both. */
	RQ_WRITE = 1 << 5,
	RQ_READ = 1 << 6,
	RQ_ALL = (1 << 7) - 1,
};

#define HANDLES 6

struct request {
	enum op op;
	unsigned handle, flags;
	/* The base of each path: 0 (the root), or 1 + an open directory's handle. */
	unsigned base_a, base_b;
	uint64_t offset;
	uint32_t size;
	uint8_t fill;
	char a[PATH_SIZE], b[PATH_SIZE];
};

struct reply_entry {
	uint8_t filetype;
	char name[HF_NAME_MAX + 1];
};

struct reply {
	int64_t result;      /* 0 or more, or -HF_E* */
	struct hf_attr attr; /* filetype, nlink and size are compared */
	char data[DATA_MAX];
	uint32_t entries;
	struct reply_entry entry[ENTRIES_MAX];
};

/* Returns the rq->size bytes that a write writes. */
void fill_data(const struct request *rq, char *data);
void reply_add_entry(struct reply *rp, uint8_t filetype, const char *name, uint32_t size);
void reply_sort_entries(struct reply *rp);
bool reply_equal(const struct request *rq, const struct reply *a, const struct reply *b);
void request_print(const struct request *rq);
void reply_print(const char *whose, const struct request *rq, const struct reply *rp);

#endif
