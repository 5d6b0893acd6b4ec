/* A file has at most 65,000 hard links, as on Linux: one more fails with EMLINK, until another is removed.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned add(int number)
{
	char name[16];
	snprintf(name, sizeof name, "%d", number);
	return __wasi_path_link(ROOT, 0, "0", ROOT, name);
}

static void drop(int number)
{
	char name[16];
	snprintf(name, sizeof name, "%d", number);
	CHECK_OK(__wasi_path_unlink_file(ROOT, name));
}

int main(void)
{
	unsigned error = 0;
	int count = 1;
	put_file("0", "text");
	while ((error = add(count)) == 0)
		count++;
	CHECK_ERRNO(error, EMLINK);
	CHECK_BETWEEN(count, 1000, 100000);
	drop(--count);
	CHECK_OK(add(count));
	CHECK_ERRNO(add(count + 1), EMLINK);
	for (; count > 0; count--)
		drop(count);
	expect_file("0", "text");
	return 0;
}
