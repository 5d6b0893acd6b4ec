/* Paths and files: a sequence of operations has the same results and errors with our system calls on memfs as on Linux, except for the differences
 * listed in tests/native/support/agreement.c, and finally produces the same tree. An input is a list of records, each one operation with paths made of a few
 * components. */
#include "support/agreement.h"
#include "support/check.h"
#include "support/machine.h"
#include "support/records.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const components[] = {"a", "b", "c", "d", "e", "f", "g", ".", "..", "\xc3\xa9", "a.b"};
static const uint64_t offsets[] = {
	0,  1, 63, 64, 65, 4095, 4096, 65535, 65536, 65537, 131072, 4194303, 4194304, UINT64_C(1) << 32, UINT64_C(1) << 40,
	200};

/* Up to three components; a high byte ends the path, a bit of each adds a slash. */
static void make_path(struct record *record, char *out)
{
	uint8_t head = take_byte(record);
	*out = 0;
	if (head % 16 == 15)
		strcat(out, "/");
	for (unsigned count = head / 16 % 4; count > 0; count--) {
		uint8_t byte = take_byte(record);
		strcat(out, PICK(components, byte % 64));
		if (count > 1 || byte >= 240)
			strcat(out, byte % 64 == 63 ? "//" : "/");
	}
}

/* A last component of the maximum length, or one byte longer; not in renames, because Linux checks both directories before the names, and not in
 * directories that may have been removed. */
static void make_long(struct request *rq, uint8_t how)
{
	char *slash = strrchr(rq->a, '/'), *last = slash ? slash + 1 : rq->a;
	memset(last, 'x', 255 + how % 2);
	last[255 + how % 2] = 0;
}

static bool next_request(struct records *records, struct request *rq)
{
	struct record record;
	if (!records_next(records, &record))
		return false;
	memset(rq, 0, sizeof *rq);
	rq->op = take_byte(&record) % (OP_ALLOCATE + 1);
	rq->flags = take_byte(&record) % (RQ_ALL + 1);
	uint8_t handle = take_byte(&record);
	rq->handle = handle % HANDLES;
	rq->base_a = handle / HANDLES % 4 ? 0 : handle / HANDLES / 4 % (HANDLES + 1);
	rq->base_b = handle / HANDLES % 2 ? 0 : handle / HANDLES / 4 % (HANDLES + 1);
	rq->offset = PICK(offsets, take_byte(&record));
	rq->size = (uint32_t)take_bytes(&record, 2) % (DATA_MAX + 1);
	rq->fill = take_byte(&record);
	make_path(&record, rq->a);
	make_path(&record, rq->b);
	if (handle >= 250 && rq->base_a == 0 && rq->op != OP_RENAME)
		make_long(rq, handle);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct records records;
	struct request rq;
	records_begin(&records, data, size);
	(void)agreement_begin();
	while (next_request(&records, &rq))
		agreement_do(&rq);
	agreement_end();
	(void)done();
	return 0;
}
