// flags: -mexec-model=reactor -Wl,--export=malloc -Wl,--export=free
// The exports of a QuickJS reactor that a host drives, without the language: a "program" is one of the commands in JS_Eval.
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(#name)))

struct context {
	int jobs;  /* pending */
	int error; /* the next tick fails */
	double timer;
	int handler; /* reads input, this many bytes at a time */
};

static struct context *context;
static int exception = 6; /* the tag of an exception, in a JSValue's upper half */

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void say(const char *text)
{
	(void)!write(1, text, strlen(text));
}

EXPORT(qjs_init_argv) int qjs_init_argv(int argc, char **argv)
{
	if (context || argc < 1)
		return -1;
	context = calloc(1, sizeof *context);
	for (int i = 1; i < argc; i++)
		printf("argument %s\n", argv[i]);
	fflush(stdout);
	return 0;
}

EXPORT(qjs_init) int qjs_init(void)
{
	char name[] = "qjs", *argv[] = {name, NULL};
	return qjs_init_argv(1, argv);
}

EXPORT(qjs_get_context) struct context *qjs_get_context(void)
{
	return context;
}

EXPORT(qjs_destroy) void qjs_destroy(void)
{
	free(context);
	context = NULL;
}

/* "print('TEXT')" without blanks, "print TEXT", "split TEXT" (byte by byte), "jobs N", "timer MS", "read N", "late-error", "throw", "exit N" */
EXPORT(JS_Eval) int64_t js_eval(struct context *c, const char *code, size_t size, const char *file, int flags)
{
	char *text = malloc(size + 1);
	memcpy(text, code, size);
	text[size] = 0;
	char *space = strchr(text, ' ');
	const char *rest = space ? space + 1 : "";
	int number = atoi(rest);
	if (space)
		*space = 0;
	char *quote;
	if (strncmp(text, "print('", 7) == 0 && (quote = strrchr(text, '\'')) != NULL)
		printf("%.*s\n", (int)(quote - text - 7), text + 7);
	else if (strcmp(text, "print") == 0)
		printf("%s %s %d\n", rest, file, flags);
	else if (strcmp(text, "split") == 0)
		for (; *rest; rest++)
			(void)!write(1, rest, 1);
	else if (strcmp(text, "jobs") == 0)
		c->jobs = number;
	else if (strcmp(text, "timer") == 0)
		c->timer = now() + number;
	else if (strcmp(text, "read") == 0)
		c->handler = number;
	else if (strcmp(text, "late-error") == 0)
		c->error = 1;
	else if (strcmp(text, "exit") == 0)
		exit(number);
	fflush(stdout);
	int64_t result = strcmp(text, "throw") == 0 ? (int64_t)exception << 32 : (int64_t)3 << 32;
	free(text);
	return result;
}

EXPORT(JS_FreeValue) void js_free_value(struct context *c, int64_t value)
{
	(void)c, (void)value;
}

EXPORT(js_std_dump_error) void js_std_dump_error(struct context *c)
{
	(void)c;
	(void)!write(2, "Error: as asked for\n", 20);
}

EXPORT(js_std_loop_once) int js_std_loop_once(struct context *c)
{
	if (c->error) {
		c->error = 0;
		return -2;
	}
	if (c->jobs > 0)
		return --c->jobs, 0;
	if (c->timer && now() >= c->timer) {
		c->timer = 0;
		say("timer\n");
		return 0;
	}
	double left = c->timer - now();
	return !c->timer ? -1 : left > 1 ? (int)left : 1;
}

EXPORT(js_std_poll_io) int js_std_poll_io(struct context *c, int timeout)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};
	if (!c->handler || poll(&input, 1, timeout) != 1)
		return 0;
	char bytes[64] = "";
	ssize_t size = read(0, bytes, (size_t)c->handler);
	if (size == 0) {
		say("end\n");
		c->handler = 0;
	} else if (size > 0) {
		printf("read %s\n", bytes);
		fflush(stdout);
	}
	return 0;
}
