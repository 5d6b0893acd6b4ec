/* model.h - operations on files as messages, so that the same one can be done by two sides and the replies compared. */
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
	OP_TRUNCATE,
	OP_LIST,
	/* Of an open file. */
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
	RQ_NOFOLLOW = 1 << 3,
	RQ_FOLLOW = 1 << 4,
	RQ_ALL = (1 << 5) - 1,
};

struct request {
	enum op op;
	unsigned handle, flags;
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

/* The bytes that a write writes: rq->size of them. */
void fill_data(const struct request *rq, char *data);
void reply_add_entry(struct reply *rp, uint8_t filetype, const char *name, uint32_t size);
void reply_sort_entries(struct reply *rp);
bool reply_equal(const struct request *rq, const struct reply *a, const struct reply *b);
void request_print(const struct request *rq);
void reply_print(const char *whose, const struct request *rq, const struct reply *rp);

#endif
