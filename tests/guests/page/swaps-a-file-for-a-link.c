/* Makes its first argument alternately a file and a link to its second argument, until it is killed. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	for (;;) {
		int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
		if (file >= 0) {
			write(file, "mine", 4);
			close(file);
		}
		unlink(argv[1]);
		symlink(argv[2], argv[1]);
		unlink(argv[1]);
	}
}
