/* Fills the file system with small files, removes every second one, and fills it again with files that fit into none of the gaps. Prints how many of
 * each there were. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char bytes[5990];

static int make(const char *name, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0666);
	int whole = fd >= 0 && write(fd, bytes, size) == (ssize_t)size;
	close(fd);
	if (!whole)
		unlink(name);
	return whole;
}

static int fill(char letter, size_t size)
{
	char name[32];
	int count = -1;
	do
		snprintf(name, sizeof name, "/%c%d", letter, ++count);
	while (make(name, size));
	return count;
}

int main(void)
{
	char name[32];
	int small = fill('s', 2990);
	for (int i = 0; i < small; i += 2) {
		snprintf(name, sizeof name, "/s%d", i);
		unlink(name);
	}
	printf("%d %d\n", small, fill('l', sizeof bytes));
	return 0;
}
