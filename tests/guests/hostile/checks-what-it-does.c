/* The neighbour of hostile guests: until its input ends, it repeatedly writes a file, reads it back, lists its directory, and copies standard input
 * to standard output. If anything has changed unexpectedly, the exit code says what: 1 the file, 2 the directory, 3 a stream.
 *
 * guest:
 *   dir: /box
 *   stdin: "one line\n"
 *   expect-stdout: "one line\n"
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned char wrote[20000], read_back[20000];

static int file(unsigned round)
{
	for (unsigned i = 0; i < sizeof wrote; i++)
		wrote[i] = (unsigned char)(i * 7 + round);
	int fd = open("/box/mine/new", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, wrote, sizeof wrote) != sizeof wrote || lseek(fd, 0, SEEK_SET) != 0)
		return 1;
	ssize_t size = read(fd, read_back, sizeof read_back);
	if (size != sizeof wrote || memcmp(wrote, read_back, sizeof wrote) != 0 || close(fd) != 0)
		return 1;
	struct stat stat_of;
	if (rename("/box/mine/new", "/box/mine/kept") != 0 || stat("/box/mine/kept", &stat_of) != 0 ||
	    stat_of.st_size != sizeof wrote)
		return 1;
	return 0;
}

static int directory(void)
{
	unsigned found = 0;
	DIR *dir = opendir("/box/mine");
	if (!dir)
		return 2;
	for (struct dirent *entry; (entry = readdir(dir));)
		found += strcmp(entry->d_name, "kept") == 0 ? 1 : entry->d_name[0] == '.' ? 0 : 100;
	closedir(dir);
	return found == 1 ? 0 : 2;
}

int main(void)
{
	char line[256];
	if (mkdir("/box/mine", 0700) != 0)
		return 2;
	for (unsigned round = 0;; round++) {
		ssize_t size = read(0, line, sizeof line);
		if (size == 0)
			return 0;
		int result = file(round);
		if (result == 0)
			result = directory();
		if (result)
			return result;
		if (size < 0 || write(1, line, (size_t)size) != size)
			return 3;
	}
}
