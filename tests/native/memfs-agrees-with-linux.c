/* Runs long random sequences of system calls on memfs and the same ones on Linux in a chroot: results and errors are equal, except for the
 * differences that support/agreement.c lists. Without permission for chroot, nothing is compared. */
#include "support/agreement.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

/* A few names, so that operations collide; sometimes every oddity of paths. */
static void make_path(uint64_t *seed, char *out)
{
	static const char *const components[] = {"a", "b", "c", "d", "e", "a", "b", "c",
	                                         "d", "e", "f", "g", "a", "b", ".", ".."};
	uint32_t count = 1 + random_below(seed, 2) + (random_below(seed, 4) ? 0 : random_below(seed, 3));
	*out = 0;
	if (random_below(seed, 12) == 0)
		strcat(out, "/");
	for (uint32_t i = 0; i < count; i++) {
		strcat(out, components[random_below(seed, sizeof components / sizeof components[0])]);
		if (i + 1 < count || random_below(seed, 16) == 0)
			strcat(out, random_below(seed, 12) == 0 ? "//" : "/");
	}
	if (random_below(seed, 300) == 0)
		*out = 0;
}

/* A last component of the longest length, or too long by one. */
static void make_long(uint64_t *seed, char *out)
{
	char *slash = strrchr(out, '/'), *last = slash ? slash + 1 : out;
	size_t size = 255 + random_below(seed, 2);
	memset(last, 'x', size);
	last[size] = 0;
}

static uint64_t make_offset(uint64_t *seed)
{
	static const uint64_t near[] = {0, 0, 0, 64, 4096, 65536, 65536, 131072, 64 * 65536, UINT64_C(1) << 32};
	uint64_t base = near[random_below(seed, sizeof near / sizeof near[0])], step = random_below(seed, 300);
	return base < step || random_below(seed, 2) ? base + step : base - step;
}

static void make_request(uint64_t *seed, struct request *rq)
{
	static const enum op often[] = {
		OP_OPEN,  OP_OPEN,    OP_OPEN,   OP_OPEN,   OP_OPEN,   OP_CLOSE,  OP_MKDIR,  OP_MKDIR,     OP_MKDIR,
		OP_RMDIR, OP_RMDIR,   OP_UNLINK, OP_UNLINK, OP_RENAME, OP_RENAME, OP_RENAME, OP_RENAME,    OP_LINK,
		OP_LINK,  OP_SYMLINK, OP_STAT,   OP_STAT,   OP_STAT,   OP_LIST,   OP_LIST,   OP_READLINK,  OP_TRUNCATE,
		OP_READ,  OP_READ,    OP_WRITE,  OP_WRITE,  OP_APPEND, OP_FSTAT,  OP_FSTAT,  OP_FTRUNCATE, OP_ALLOCATE,
	};
	memset(rq, 0, sizeof *rq);
	rq->op = often[random_below(seed, sizeof often / sizeof often[0])];
	rq->handle = random_below(seed, HANDLES);
	rq->flags = random_below(seed, RQ_ALL + 1);
	rq->offset = make_offset(seed);
	rq->size = random_below(seed, 4) ? random_below(seed, 200) : random_below(seed, DATA_MAX + 1);
	rq->fill = (uint8_t)random_next(seed);
	rq->base_a = random_below(seed, 3) ? 0 : random_below(seed, HANDLES + 1);
	rq->base_b = random_below(seed, 3) ? 0 : random_below(seed, HANDLES + 1);
	make_path(seed, rq->a);
	make_path(seed, rq->b);
	/* Not in renames, because Linux checks both directories before the names, and not in directories that may have been removed: there the length only
	 * decides which of two errors is reported. */
	if (rq->op != OP_RENAME && rq->base_a == 0 && random_below(seed, 200) == 0)
		make_long(seed, rq->a);
}

static void compare_sequence(uint64_t *seed, unsigned length)
{
	if (!agreement_begin())
		printf("no right to chroot: nothing compared\n");
	for (unsigned i = 0; i < length; i++) {
		struct request rq;
		make_request(seed, &rq);
		agreement_do(&rq);
	}
	agreement_end();
}

int main(void)
{
	static struct budget budget = {.milliseconds = 2000};
	uint64_t seed = random_seed();
	while (time_left(&budget))
		compare_sequence(&seed, 400 + random_below(&seed, 4000));
	return done();
}
