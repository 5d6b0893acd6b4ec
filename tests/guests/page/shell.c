// flags: -Inative/guest native/guest/holdfast.c
/* A shell that starts programs: `a | b > file`, `< file`, `2> file`, `&`, `;`, and the commands wait, kill, jobs, exit and echo-status. It reads
 * lines, or takes one from its arguments: `shell -c LINE`. It looks for programs in /bin.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holdfast.h"

#define MOST_WORDS 64
#define MOST_STAGES 16

struct stage {
	char *argv[MOST_WORDS + 1];
	int argc;
	const char *files[3]; /* for its streams; NULL: no redirection */
};

static int last_code, last_job;

static void report(const char *what)
{
	fprintf(stderr, "shell: %s: %s\n", what, strerror(errno));
	last_code = errno == ENOENT ? 127 : 126;
}

static const char *name_of(enum holdfast_reason reason)
{
	static const char *const names[] = {"exit", "trap", "killed", "timeout", "limit", "crash"};
	return names[reason];
}

/* Returns -1 if the file cannot be opened. */
static int open_stream(const char *path, int fd)
{
	int file = fd == 0 ? open(path, O_RDONLY) : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (file < 0)
		report(path);
	return file;
}

static int start(struct stage *stage, int input, int output)
{
	char path[256];
	int streams[3] = {input, output, 2}, opened[3] = {-1, -1, -1}, pid = -1;
	bool all = true;
	for (int fd = 0; fd < 3 && all; fd++) {
		if (!stage->files[fd])
			continue;
		opened[fd] = open_stream(stage->files[fd], fd);
		streams[fd] = opened[fd];
		all = opened[fd] >= 0;
	}
	if (all) {
		snprintf(path, sizeof path, strchr(stage->argv[0], '/') ? "%s" : "/bin/%s.wasm", stage->argv[0]);
		pid = holdfast_spawn(path, stage->argv, NULL, streams);
		if (pid < 0)
			report(stage->argv[0]);
	}
	for (int fd = 0; fd < 3; fd++)
		if (opened[fd] >= 0)
			close(opened[fd]);
	return pid;
}

static void run_pipeline(struct stage *stages, int count, bool background)
{
	int pids[MOST_STAGES], input = 0;
	for (int i = 0; i < count; i++) {
		int ends[2] = {-1, 1};
		if (i < count - 1 && holdfast_pipe(ends) < 0)
			report("pipe");
		pids[i] = start(&stages[i], input, ends[1]);
		if (input > 0)
			close(input);
		if (ends[1] > 2)
			close(ends[1]);
		input = ends[0];
	}
	if (background) {
		last_job = pids[count - 1];
		printf("[%d]\n", last_job);
		return;
	}
	for (int i = 0; i < count; i++) {
		struct holdfast_status status;
		if (pids[i] > 0 && holdfast_wait(pids[i], &status, 0) == pids[i] && i == count - 1)
			last_code = status.code;
	}
}

/* Returns true if it was a built-in command. */
static bool run_own(struct stage *stage)
{
	char **argv = stage->argv;
	struct holdfast_status status;
	int pid;
	if (strcmp(argv[0], "wait") == 0) {
		while ((pid = holdfast_wait(argv[1] ? atoi(argv[1]) : -1, &status, 0)) > 0) {
			printf("%s %s %d\n", pid == last_job ? "job" : "other", name_of(status.reason), status.code);
			last_code = status.code;
			if (argv[1])
				return true;
		}
		if (argv[1])
			report("wait");
	} else if (strcmp(argv[0], "jobs") == 0) {
		pid = holdfast_wait(-1, &status, HOLDFAST_NOHANG);
		puts(pid == 0 ? "none has ended" : pid > 0 ? name_of(status.reason) : strerror(errno));
	} else if (strcmp(argv[0], "kill") == 0) {
		int signal = argv[2] ? atoi(argv[2]) : 15;
		if (holdfast_kill(argv[1] ? atoi(argv[1]) : last_job, signal) < 0)
			report("kill");
	} else if (strcmp(argv[0], "status") == 0) {
		printf("%d\n", last_code);
	} else if (strcmp(argv[0], "echo") == 0) {
		for (int i = 1; argv[i]; i++)
			printf("%s%s", i > 1 ? " " : "", argv[i]);
		puts("");
	} else if (strcmp(argv[0], "exit") == 0) {
		exit(argv[1] ? atoi(argv[1]) : last_code);
	} else {
		return false;
	}
	return true;
}

static void run_command(char *text, bool background)
{
	static struct stage stages[MOST_STAGES];
	int count = 1;
	memset(stages, 0, sizeof stages);
	for (char *word = strtok(text, " \t"); word; word = strtok(NULL, " \t")) {
		struct stage *stage = &stages[count - 1];
		int fd = strcmp(word, "<") == 0 ? 0 : strcmp(word, ">") == 0 ? 1 : strcmp(word, "2>") == 0 ? 2 : -1;
		if (strcmp(word, "|") == 0 && count < MOST_STAGES)
			count++;
		else if (fd >= 0)
			stage->files[fd] = strtok(NULL, " \t");
		else if (stage->argc < MOST_WORDS)
			stage->argv[stage->argc++] = word;
	}
	for (int i = 0; i < count; i++)
		if (stages[i].argc == 0)
			return;
	if (count > 1 || stages[0].files[1] || !run_own(&stages[0]))
		run_pipeline(stages, count, background);
	fflush(stdout);
}

static void run_line(char *line)
{
	while (*line) {
		size_t size = strcspn(line, ";&");
		char end = line[size];
		line[size] = 0;
		run_command(line, end == '&');
		line += size + (end != 0);
	}
}

int main(int argc, char **argv)
{
	static char line[4096];
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		snprintf(line, sizeof line, "%s", argv[2]);
		run_line(line);
		return last_code;
	}
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		run_line(line);
	}
	return last_code;
}
