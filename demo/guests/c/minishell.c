// forms: wasip2
/* A minimal shell in plain C on wasi-libc: lines, files, time, sleep, and every way to end. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void say_help(char *rest)
{
	(void)rest;
	puts("write FILE TEXT, cat FILE, ls, rm FILE");
	puts("date, sleep SECONDS, random");
	puts("exit CODE, trap, overflow");
}

static void complain(const char *what)
{
	fprintf(stderr, "\x1b[31m%s: %s\x1b[0m\n", what, strerror(errno));
}

/* The first word of `*rest`, which is advanced past it. */
static char *word(char **rest)
{
	char *found = *rest + strspn(*rest, " ");

	*rest = found + strcspn(found, " ");
	if (**rest)
		*(*rest)++ = '\0';
	return found;
}

static void do_write(char *rest)
{
	char *name = word(&rest);
	FILE *file = fopen(name, "w");

	if (!file || fprintf(file, "%s\n", rest) < 0)
		complain(name);
	if (file && fclose(file) != 0)
		complain(name);
}

static void do_cat(char *rest)
{
	char *name = word(&rest);
	FILE *file = fopen(name, "r");
	char block[4096];
	size_t size;

	if (!file) {
		complain(name);
		return;
	}
	while ((size = fread(block, 1, sizeof block, file)) > 0)
		fwrite(block, 1, size, stdout);
	fclose(file);
}

static void do_ls(char *rest)
{
	char *name = word(&rest);
	DIR *directory = opendir(*name ? name : "/");

	if (!directory) {
		complain(name);
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			printf("%s%s\n", entry->d_name, entry->d_type == DT_DIR ? "/" : "");
	closedir(directory);
}

static void do_rm(char *rest)
{
	char *name = word(&rest);

	if (remove(name) != 0)
		complain(name);
}

static void do_date(char *rest)
{
	struct timespec now;
	char text[64];

	(void)rest;
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime(&now.tv_sec));
	printf("%s.%09ld UTC\n", text, now.tv_nsec);
}

static void do_sleep(char *rest)
{
	double seconds = atof(rest);
	struct timespec wanted = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	nanosleep(&wanted, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	double took = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	printf("slept %.6f s\n", took);
}

static void do_random(char *rest)
{
	unsigned char bytes[8];

	(void)rest;
	arc4random_buf(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

static void do_exit(char *rest)
{
	exit(atoi(rest));
}

static void do_trap(char *rest)
{
	(void)rest;
	__builtin_trap();
}

/* Never a tail call: it must use up the stack. */
static int deeper(volatile char *above)
{
	volatile char block[1024];

	block[0] = (char)(above[0] | 1);
	return block[0] ? deeper(block) + block[0] : 0;
}

static void do_overflow(char *rest)
{
	printf("%d\n", deeper(rest));
}

static const struct {
	const char *name;
	void (*act)(char *rest);
} commands[] = {
	{"help", say_help}, {"write", do_write}, {"cat", do_cat},           {"ls", do_ls},
	{"rm", do_rm},      {"date", do_date},   {"sleep", do_sleep},       {"random", do_random},
	{"exit", do_exit},  {"trap", do_trap},   {"overflow", do_overflow},
};

static void obey(char *line)
{
	char *name = word(&line);

	if (!*name)
		return;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			commands[i].act(line);
			return;
		}
	}
	printf("%s? Commands: help write cat ls rm date sleep random exit trap overflow\n", name);
}

int main(void)
{
	char line[1024];

	say_help(NULL);
	for (;;) {
		printf("\x1b[32m$\x1b[0m ");
		fflush(stdout);
		if (!fgets(line, sizeof line, stdin))
			break;
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	putchar('\n');
	return 0;
}
