#include "support/check.h"

#include "platform/alloc.h"
#include "platform/platform.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void fail(void)
{
	fflush(NULL);
	abort();
}

void check_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	fail();
}

void check_eq(const char *file, int line, const char *a_text, int64_t a, const char *b_text, int64_t b)
{
	if (a == b)
		return;
	fprintf(stderr, "%s:%d: %s is %lld, but %s is %lld\n", file, line, a_text, (long long)a, b_text, (long long)b);
	fail();
}

/* Results up to 0 are error numbers, others are plain numbers. */
static void print_result(int64_t result)
{
	if (result > 0)
		fprintf(stderr, "%lld", (long long)result);
	else
		fprintf(stderr, "%s%s", result ? "-" : "", hf_errno_name((int)-result));
}

void check_err(const char *file, int line, const char *text, int64_t got, int64_t expected)
{
	if (got == expected)
		return;
	fprintf(stderr, "%s:%d: %s gave ", file, line, text);
	print_result(got);
	fprintf(stderr, ", not ");
	print_result(expected);
	fprintf(stderr, "\n");
	fail();
}

void check_bytes(const char *file, int line, const char *a_text, const void *a, const char *b_text, const void *b,
                 size_t size)
{
	const unsigned char *left = a, *right = b;
	for (size_t i = 0; i < size; i++) {
		if (left[i] == right[i])
			continue;
		fprintf(stderr, "%s:%d: byte %zu of %zu: %s has 0x%02x, %s has 0x%02x\n", file, line, i, size, a_text, left[i],
		        b_text, right[i]);
		fail();
	}
}

int done(void)
{
	CHECK_EQ(hf_alloc_blocks(), 0);
	CHECK_EQ(hf_alloc_bytes(), 0);
	return 0;
}

struct job {
	pthread_t thread;
	void (*fn)(void *, unsigned);
	void *context;
	unsigned number;
};

static void *run_job(void *argument)
{
	struct job *job = argument;
	job->fn(job->context, job->number);
	return NULL;
}

void in_threads(unsigned count, void (*fn)(void *context, unsigned number), void *context)
{
	struct job *jobs = calloc(count, sizeof *jobs);
	CHECK(jobs);
	for (unsigned i = 0; i < count; i++) {
		jobs[i].fn = fn;
		jobs[i].context = context;
		jobs[i].number = i;
		CHECK_EQ(pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < count; i++)
		CHECK_EQ(pthread_join(jobs[i].thread, NULL), 0);
	free(jobs);
}

bool time_left(struct budget *budget)
{
	uint64_t now = hf_plat_monotonic(), until = atomic_load(&budget->until);
	if (until == 0 &&
	    atomic_compare_exchange_strong(&budget->until, &until, now + budget->milliseconds * UINT64_C(1000000)))
		return true;
	return now < until;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t random_below(uint64_t *state, uint32_t below)
{
	return (uint32_t)((random_next(state) >> 32) * below >> 32);
}

uint64_t random_seed(void)
{
	const char *given = getenv("HF_TEST_SEED");
	uint64_t seed = 0;
	if (given)
		seed = strtoull(given, NULL, 0);
	else
		hf_plat_entropy(&seed, sizeof seed);
	if (seed == 0)
		seed = 1;
	printf("HF_TEST_SEED=0x%llx\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}
