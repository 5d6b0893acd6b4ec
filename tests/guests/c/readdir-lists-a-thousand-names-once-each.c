/* 1,000 names through buffers of many sizes: each exactly once.
 *
 * guest:
 *   dir: /
 */
#include "dirents.h"

#include <stdlib.h>

enum { COUNT = 1000 };

static uint8_t told[COUNT];

static bool tick(const struct entry *entry, void *context)
{
	++*(int *)context;
	if (entry->name[0] != '.') {
		int number = atoi(entry->name + 5);
		CHECK(number >= 0 && number < COUNT);
		told[number]++;
	}
	return true;
}

int main(void)
{
	static const size_t sizes[] = {40, 64, 100, 333, 4096, 65536};
	char name[32];

	make_dir("many");
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof name, "many/name-%d", i);
		put_file(name, "");
	}
	int dir = open_dir("many");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int total = 0;
		memset(told, 0, sizeof told);
		each_entry(dir, 0, sizes[i], tick, &total);
		CHECK_EQ(total, COUNT + 2);
		for (int j = 0; j < COUNT; j++)
			CHECK_EQ(told[j], 1);
	}
	return 0;
}
