#include "support/model.h"

#include "support/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fill_data(const struct request *rq, char *data)
{
	for (uint32_t i = 0; i < rq->size; i++)
		data[i] = (char)(rq->fill + i * 7);
}

void reply_add_entry(struct reply *rp, uint8_t filetype, const char *name, uint32_t size)
{
	CHECK(rp->entries < ENTRIES_MAX && size <= HF_NAME_MAX);
	struct reply_entry *entry = &rp->entry[rp->entries++];
	memset(entry, 0, sizeof *entry);
	entry->filetype = filetype;
	memcpy(entry->name, name, size);
}

static int by_name(const void *a, const void *b)
{
	const struct reply_entry *left = a, *right = b;
	return strcmp(left->name, right->name);
}

void reply_sort_entries(struct reply *rp)
{
	qsort(rp->entry, rp->entries, sizeof rp->entry[0], by_name);
}

static bool is_stat(const struct request *rq)
{
	return rq->op == OP_STAT || rq->op == OP_FSTAT;
}

static bool attr_equal(const struct hf_attr *a, const struct hf_attr *b)
{
	/* Each file system defines the size of a directory itself. */
	return a->filetype == b->filetype && a->nlink == b->nlink &&
	       (a->size == b->size || a->filetype == HF_FILETYPE_DIRECTORY);
}

bool reply_equal(const struct request *rq, const struct reply *a, const struct reply *b)
{
	if (a->result != b->result)
		return false;
	if (a->result < 0)
		return true;
	if (is_stat(rq))
		return attr_equal(&a->attr, &b->attr);
	if (rq->op == OP_READ || rq->op == OP_READLINK)
		return memcmp(a->data, b->data, (size_t)a->result) == 0;
	if (rq->op == OP_LIST)
		return a->entries == b->entries && memcmp(a->entry, b->entry, a->entries * sizeof a->entry[0]) == 0;
	return true;
}

void request_print(const struct request *rq)
{
	static const char *const names[] = {"open", "close",   "mkdir",    "rmdir",     "unlink",   "rename",
	                                    "link", "symlink", "readlink", "stat",      "truncate", "list",
	                                    "read", "write",   "append",   "ftruncate", "fstat",    "allocate"};
	printf("%s %u:\"%s\" %u:\"%s\" handle %u flags 0x%x offset %" PRIu64 " size %" PRIu32 "\n", names[rq->op],
	       rq->base_a, rq->a, rq->base_b, rq->b, rq->handle, rq->flags, rq->offset, rq->size);
}

void reply_print(const char *whose, const struct request *rq, const struct reply *rp)
{
	if (rp->result < 0) {
		printf("  %s: %s\n", whose, hf_errno_name((int)-rp->result));
		return;
	}
	printf("  %s: %" PRId64, whose, rp->result);
	if (is_stat(rq))
		printf(", type %u, %" PRIu64 " links, %" PRIu64 " bytes", rp->attr.filetype, rp->attr.nlink, rp->attr.size);
	for (uint32_t i = 0; i < rp->entries; i++)
		printf(" %s(%u)", rp->entry[i].name, rp->entry[i].filetype);
	printf("\n");
}
