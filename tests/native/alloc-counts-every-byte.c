/* The numbers of blocks and bytes in use are always exact, and return to zero. */
#include "platform/alloc.h"

#include "support/check.h"

#include <string.h>

static void check_counting(void)
{
	char *a = hf_alloc(100), *b = hf_alloc(0);
	CHECK(a && b && a != b);
	CHECK_EQ((uintptr_t)a % 16, 0);
	CHECK_EQ((uintptr_t)b % 16, 0);
	CHECK_EQ(hf_alloc_blocks(), 2);
	CHECK(hf_alloc_bytes() >= 100 && hf_alloc_bytes() <= 100 + 2 * 16);
	hf_free(b);
	hf_free(NULL);
	CHECK_EQ(hf_alloc_blocks(), 1);
	hf_free(a);
	CHECK_EQ(hf_alloc_bytes(), 0);
}

static void check_zeroing(void)
{
	static const char zeros[1000];
	for (int i = 0; i < 100; i++) {
		char *block = hf_alloc_zeroed(sizeof zeros);
		CHECK(block);
		CHECK_BYTES(block, zeros, sizeof zeros);
		memset(block, 0xff, sizeof zeros);
		hf_free(block);
	}
}

static void check_moving(void)
{
	char *block = hf_realloc(NULL, 10);
	CHECK(block);
	memcpy(block, "0123456789", 10);
	block = hf_realloc(block, 100000);
	CHECK_BYTES(block, "0123456789", 10);
	CHECK_EQ(hf_alloc_blocks(), 1);
	block = hf_realloc(block, 4);
	CHECK_BYTES(block, "0123", 4);
	CHECK(hf_alloc_bytes() < 100);
	hf_free(block);
}

static void check_limit(void)
{
	hf_alloc_set_limit(1000);
	char *block = hf_alloc(900);
	CHECK(block);
	CHECK(!hf_alloc(100));
	/* A block that cannot be moved stays unchanged. */
	block[899] = 'x';
	CHECK(!hf_realloc(block, 950));
	CHECK_EQ(block[899], 'x');
	CHECK_EQ(hf_alloc_blocks(), 1);
	hf_free(block);
	CHECK(!hf_alloc(2000));
	hf_alloc_set_limit(SIZE_MAX);
	CHECK_EQ(hf_alloc_bytes(), 0);
}

static void check_absurd_sizes(void)
{
	volatile size_t most = SIZE_MAX;
	CHECK(!hf_alloc(most));
	CHECK(!hf_alloc(most - 15));
	CHECK(!hf_alloc(most / 2 + 1));
	CHECK(!hf_alloc_zeroed(most - 16));
	CHECK(!hf_realloc(NULL, most));
	CHECK_EQ(hf_alloc_bytes(), 0);
}

static void check_failing_on_purpose(void)
{
	hf_alloc_fail_after(2);
	char *a = hf_alloc(1), *b = hf_alloc(1);
	CHECK(a && b);
	CHECK(!hf_alloc(1));
	CHECK(!hf_realloc(a, 2));
	CHECK(!hf_alloc_zeroed(1));
	hf_alloc_fail_after(UINT32_MAX);
	char *c = hf_alloc(1);
	CHECK(c);
	hf_free(a);
	hf_free(b);
	hf_free(c);
}

int main(void)
{
	check_counting();
	check_zeroing();
	check_moving();
	check_limit();
	check_absurd_sizes();
	check_failing_on_purpose();
	return done();
}
