// flags: -Inative/guest native/guest/holdfast.c
/* Commands for the tests of programs that start others: `child COMMAND ARGUMENT…`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holdfast.h"

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static int spawn(char *const argv[], const int streams[3])
{
	return holdfast_spawn("/bin/child.wasm", argv, NULL, streams);
}

/* A fork bomb: starts copies of itself, which do the same, until no more can be started. */
static int bomb(void)
{
	char *argv[] = {"child", "bomb", NULL};
	int count = 0;
	while (spawn(argv, NULL) > 0)
		count++;
	dprintf(1, "started %d, then %s\n", count, strerror(errno));
	for (;;)
		sleep(1000);
}

/* Tries to kill and to wait for a process that is not a child of its own. */
static int foreign(int pid)
{
	struct holdfast_status status;
	if (holdfast_kill(pid, 9) == 0 || holdfast_kill(pid, 0) == 0)
		return 1;
	fail("kill");
	if (holdfast_wait(pid, &status, HOLDFAST_NOHANG) >= 0)
		return 2;
	fail("wait");
	if (holdfast_wait(-1, NULL, 0) >= 0)
		return 3;
	return !fail("wait for any");
}

/* Kills a grandchild, whose pid the child prints. */
static int grandchild(void)
{
	char *argv[] = {"child", "parent", NULL};
	char line[16] = {0};
	int ends[2], streams[3] = {HOLDFAST_NULL, -1, 2};
	if (holdfast_pipe(ends) < 0)
		return fail("pipe");
	streams[1] = ends[1];
	int pid = spawn(argv, streams);
	if (pid < 0 || read(ends[0], line, sizeof line - 1) <= 0)
		return fail("spawn");
	if (holdfast_wait(atoi(line), NULL, HOLDFAST_NOHANG) >= 0 || errno != ECHILD)
		return 1; /* only its parent can wait for it */
	if (holdfast_kill(atoi(line), 15) < 0)
		return fail("kill");
	struct holdfast_status status;
	if (holdfast_wait(pid, &status, 0) != pid)
		return fail("wait");
	printf("%d %d\n", (int)status.reason, status.code);
	return 0;
}

static int parent(void)
{
	char *argv[] = {"child", "sleep", NULL};
	struct holdfast_status status;
	int pid = spawn(argv, NULL);
	dprintf(1, "%d\n", pid);
	if (holdfast_wait(pid, &status, 0) != pid)
		return fail("wait");
	return status.reason == HOLDFAST_KILLED ? status.code - 128 : 99;
}

/* Runs the same program many times, with pipes; afterwards there must be as many descriptors as before. */
static int many(int count)
{
	char *argv[] = {"child", "exit", "3", NULL};
	int before = open("/bin/child.wasm", O_RDONLY);
	close(before);
	for (int i = 0; i < count; i++) {
		int ends[2], streams[3] = {HOLDFAST_NULL, 1, 2};
		if (holdfast_pipe(ends) < 0)
			return fail("pipe");
		streams[1] = ends[1];
		struct holdfast_status status;
		int pid = spawn(argv, streams);
		if (pid < 0 || holdfast_wait(pid, &status, 0) != pid || status.code != 3)
			return fail("spawn");
		close(ends[0]);
		close(ends[1]);
	}
	printf("%d more\n", open("/bin/child.wasm", O_RDONLY) - before);
	return 0;
}

/* Creates as many pipes as possible. */
static int pipes(void)
{
	int ends[2], count = 0;
	while (holdfast_pipe(ends) == 0)
		count++;
	dprintf(1, "%d pipes, then %s\n", count, strerror(errno));
	return 0;
}

static int errors(void)
{
	char *argv[] = {"x", NULL};
	const int streams[3] = {0, 77, 2};
	holdfast_spawn("/bin/missing.wasm", argv, NULL, NULL) < 0 ? fail("missing") : 0;
	holdfast_spawn("/bin", argv, NULL, NULL) < 0 ? fail("directory") : 0;
	holdfast_spawn("/bin/text", argv, NULL, NULL) < 0 ? fail("text") : 0;
	holdfast_spawn("/bin/child.wasm", argv, NULL, streams) < 0 ? fail("stream") : 0;
	holdfast_wait(-1, NULL, 6) < 0 ? fail("flags") : 0;
	holdfast_kill(1, 65) < 0 ? fail("signal") : 0;
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	if (strcmp(command, "bomb") == 0)
		return bomb();
	if (strcmp(command, "foreign") == 0)
		return foreign(atoi(argv[2]));
	if (strcmp(command, "grandchild") == 0)
		return grandchild();
	if (strcmp(command, "parent") == 0)
		return parent();
	if (strcmp(command, "many") == 0)
		return many(atoi(argv[2]));
	if (strcmp(command, "pipes") == 0)
		return pipes();
	if (strcmp(command, "errors") == 0)
		return errors();
	if (strcmp(command, "exit") == 0)
		return atoi(argv[2]);
	if (strcmp(command, "spin") == 0)
		for (volatile int i = 0;; i++)
			;
	if (strcmp(command, "sleep") == 0)
		for (;;)
			sleep(1000);
	if (strcmp(command, "print") ==
	    0) { /* prints its arguments, a variable of its environment, and the contents of a directory */
		for (int i = 0; i < argc; i++)
			printf("%s ", argv[i]);
		printf("%s %s\n", getenv("NAME") ? getenv("NAME") : "-",
		       access("/bin/child.wasm", R_OK) == 0 ? "sees" : "blind");
		return 0;
	}
	if (strcmp(command, "file") == 0) { /* writes that many bytes to a file */
		static char bytes[1000];
		int fd = open("/bin/big", O_WRONLY | O_CREAT | O_APPEND, 0666);
		for (int left = atoi(argv[2]); left > 0; left -= 1000)
			if (write(fd, bytes, sizeof bytes) < 0)
				return fail("write") + 27;
		return 0;
	}
	if (strcmp(command, "say") == 0) { /* writes that many bytes to standard output */
		static char bytes[1000];
		memset(bytes, 'x', sizeof bytes);
		for (int left = atoi(argv[2]); left > 0; left -= 1000)
			write(1, bytes, sizeof bytes);
		return 0;
	}
	if (strcmp(command, "start") == 0) { /* starts the rest as a child, with the variable NAME=child */
		char *env[] = {"NAME=child", NULL};
		int pid = holdfast_spawn("/bin/child.wasm", argv + 1, env, NULL);
		struct holdfast_status status;
		if (pid < 0 || holdfast_wait(pid, &status, 0) != pid)
			return fail("start");
		dprintf(2, "%d %d\n", (int)status.reason, status.code);
		return 0;
	}
	fprintf(stderr, "no command %s\n", command);
	return 2;
}
