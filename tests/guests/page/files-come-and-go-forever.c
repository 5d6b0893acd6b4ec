/* Creates, fills, renames, links and removes files and directories, and keeps some of them open, while other programs do the same in the same place;
 * it ignores failures. Only a kill ends it.
 *
 * guest:
 *   dir: /
 *   expect-stdout: "on\n"
 *   expect-timeout: 300ms
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_MOST 8
#define NAMES 6

static const char *name(unsigned n)
{
	static char names[4][32];
	static unsigned next;
	char *text = names[next++ % 4];
	snprintf(text, sizeof names[0], n & 64 ? "/hammer/d%u/f%u" : "/hammer/f%u%u", n % 2, n % NAMES);
	return text;
}

int main(void)
{
	static char bytes[100000];
	int fds[OPEN_MOST] = {-1, -1, -1, -1, -1, -1, -1, -1};
	mkdir("/hammer", 0777);
	write(1, "on\n", 3);
	for (;;) {
		unsigned n = (unsigned)random();
		int *fd = &fds[n % OPEN_MOST];
		switch (n / 1000 % 8) {
		case 0:
			if (*fd >= 0)
				close(*fd);
			*fd = open(name(n), O_RDWR | O_CREAT, 0666);
			break;
		case 1:
			write(*fd, bytes, n % sizeof bytes);
			break;
		case 2:
			unlink(name(n));
			break;
		case 3:
			rename(name(n), name(n / 7));
			break;
		case 4:
			link(name(n), name(n / 7));
			break;
		case 5:
			mkdir(n & 64 ? "/hammer/d0" : "/hammer/d1", 0777);
			break;
		case 6: {
			DIR *dir = opendir("/hammer");
			while (dir && readdir(dir))
				;
			if (dir)
				closedir(dir);
			break;
		}
		default:
			ftruncate(*fd, 0);
		}
	}
}
