/* wasi:random: lists of exactly the requested length, which differ, from each of the three interfaces.
 *
 * guest:
 */
#include "wasi2.h"

typedef void (*get_bytes_t)(uint64_t len, wasip2_list_u8_t *ret);

static void check_bytes(get_bytes_t get)
{
	const uint64_t sizes[] = {0, 1, 16, 17, 70000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		wasip2_list_u8_t a, b;
		get(sizes[i], &a);
		get(sizes[i], &b);
		CHECK_EQ(a.len, sizes[i]);
		CHECK_EQ(b.len, sizes[i]);
		if (sizes[i] >= 16)
			CHECK(memcmp(a.ptr, b.ptr, a.len) != 0);
		wasip2_list_u8_free(&a);
		wasip2_list_u8_free(&b);
	}
}

int main(void)
{
	check_bytes(random_get_random_bytes);
	check_bytes(random_insecure_get_insecure_random_bytes);
	CHECK(random_get_random_u64() != random_get_random_u64());
	CHECK(random_insecure_get_insecure_random_u64() != random_insecure_get_insecure_random_u64());
	wasip2_tuple2_u64_u64_t seed, again;
	random_insecure_seed_insecure_seed(&seed);
	random_insecure_seed_insecure_seed(&again);
	CHECK(seed.f0 != 0 || seed.f1 != 0);
	return 0;
}
