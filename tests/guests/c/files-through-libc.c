// forms: wrapped
/* The everyday calls of a C program: fopen, fprintf, fseek, fgets, rewind, rename, remove, mkdir, opendir, stat, access, realpath, cwd.
 *
 * guest:
 *   dir: /
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char line[64];
	struct stat stat_;

	FILE *file = fopen("notes.txt", "w+");
	CHECK(file != NULL);
	CHECK(fprintf(file, "line %d\nline %d\n%s\n", 1, 2, "the third") > 0);
	CHECK_EQ(ftell(file), 24);
	rewind(file);
	CHECK(fgets(line, sizeof line, file) && strcmp(line, "line 1\n") == 0);
	CHECK_EQ(fseek(file, -10, SEEK_END), 0);
	CHECK(fgets(line, sizeof line, file) && strcmp(line, "the third\n") == 0);
	CHECK(fgets(line, sizeof line, file) == NULL && feof(file));
	CHECK_EQ(fclose(file), 0);
	file = fopen("notes.txt", "a");
	CHECK(file && fputs("appended\n", file) >= 0 && fclose(file) == 0);
	CHECK_EQ(stat("/notes.txt", &stat_), 0);
	CHECK_EQ(stat_.st_size, 33);
	CHECK(S_ISREG(stat_.st_mode));

	CHECK_EQ(mkdir("dir", 0777), 0);
	CHECK_EQ(mkdir("dir", 0777), -1);
	CHECK_EQ(errno, EEXIST);
	CHECK_EQ(rename("notes.txt", "dir/moved.txt"), 0);
	CHECK_EQ(access("notes.txt", F_OK), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(access("dir/moved.txt", R_OK | W_OK), 0);
	CHECK_EQ(symlink("moved.txt", "dir/link"), 0);
	CHECK_EQ(readlink("dir/link", line, sizeof line), 9);

	int seen = 0;
	DIR *dir = opendir("dir");
	CHECK(dir != NULL);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (strcmp(entry->d_name, "moved.txt") == 0 && entry->d_type == DT_REG)
			seen |= 1;
		else if (strcmp(entry->d_name, "link") == 0 && entry->d_type == DT_LNK)
			seen |= 2;
		else
			CHECK(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	}
	CHECK_EQ(closedir(dir), 0);
	CHECK_EQ(seen, 3);

	CHECK_EQ(chdir("/dir"), 0);
	CHECK(getcwd(line, sizeof line) && strcmp(line, "/dir") == 0);
	int fd = open("moved.txt", O_RDWR);
	CHECK(fd >= 0);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 33);
	CHECK_EQ(ftruncate(fd, 6), 0);
	CHECK_EQ(pread(fd, line, sizeof line, 0), 6);
	CHECK_BYTES(line, "line 1", 6);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(open("missing", O_RDONLY), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(open("moved.txt", O_RDONLY | O_CREAT | O_EXCL, 0666), -1);
	CHECK_EQ(errno, EEXIST);

	CHECK_EQ(remove("/dir/link"), 0);
	CHECK_EQ(remove("/dir/moved.txt"), 0);
	CHECK_EQ(rmdir("/dir"), 0);
	CHECK_EQ(isatty(0) + isatty(1) + isatty(2), 0);
	return 0;
}
