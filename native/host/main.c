/* main.c - holdfast-guest: runs one translated guest on the native kernel, with the options and exit statuses of `holdfast run`.
 *
 *   holdfast-guest [--memory BYTES] [--arg0 NAME] [--env NAME=VALUE]… [--dir DIRECTORY::NAME[::ro]]… [--copy-out NAME::DIRECTORY]…
 *                  [--listen PORT[::nonblock]]… [--connect PORT[::nonblock]]… [--tcplisten [ADDRESS:]PORT[::nonblock]]…
 *                  [--timeout SECONDS] GUEST.so [ARGUMENT…]
 *
 * --memory, which must come first, limits the kernel's memory, including files (default: 1 GiB). A directory is copied in before the start;
 * --copy-out saves one, by the guest's name for it, to a directory that must not exist yet. /dev has the kernel's devices. Sockets are descriptors 3
 * and up, in the given order, before the directories: --listen and --connect are between guests of this host; --tcplisten is a real TCP port (IPv4,
 * 127.0.0.1 by default), where port 0 means any free port, which is printed on stderr. The environment contains only the variables of --env.
 * Status: the guest's exit code; 134 for a trap, 124 for the timeout, 128 + N for a signal that the guest raised, 1 when it could not be run, and 70
 * when kernel memory was still in use at the end. */
#include <holdfast/host.h>
#include <holdfast/layouts.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/alloc.h"

enum { FAILED = 1, LATE = HF_CODE_TIMEOUT, LEAKED = 70 };

/* How long the reader may take for the remaining output after a timeout. */
#define GRACE (UINT64_C(1000000000))

struct saving {
	const char *name, *directory;
};

struct command {
	const char *arg0, *file;
	char **args; /* the guest's arguments, ending with NULL */
	const char **env;
	struct hf_guest_preopen *preopens;
	struct saving *savings;
	struct hf_guest_socket *sockets;
	size_t env_count, preopen_count, saving_count, socket_count;
	double timeout; /* seconds; 0: none */
};

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "holdfast: %s: %s\n", what, why);
	exit(FAILED);
}

static _Noreturn void usage(void)
{
	fail("usage", "holdfast-guest [--memory BYTES] [--arg0 NAME] [--env NAME=VALUE]… [--dir DIRECTORY::NAME[::ro]]… "
	              "[--copy-out NAME::DIRECTORY]… [--listen PORT[::nonblock]]… [--connect PORT[::nonblock]]… "
	              "[--tcplisten [ADDRESS:]PORT[::nonblock]]… [--timeout SECONDS] GUEST.so [ARGUMENT…]");
}

static void check(int result, const char *what)
{
	if (result < 0)
		fail(what, hf_errno_text(-result));
}

static void *zeroed(size_t count, size_t size)
{
	void *block = calloc(count, size);
	if (!block)
		fail("start", "no memory");
	return block;
}

/* Cuts the text at "::"; returns the part after it, or NULL. */
static char *cut(char *text)
{
	char *mark = strstr(text, "::");
	if (!mark)
		return NULL;
	*mark = '\0';
	return mark + 2;
}

/* Parses "DIRECTORY::NAME[::ro]", and copies each directory to a separate place. */
static void take_directory(struct command *command, char *text)
{
	struct hf_guest_preopen *preopen = &command->preopens[command->preopen_count];
	char *name = cut(text), *option = name ? cut(name) : NULL;
	if (!name || (option && strcmp(option, "ro") != 0))
		usage();
	char *path = zeroed(1, 32);
	bool devices = strcmp(text, "/dev") == 0;
	if (devices)
		strcpy(path, text);
	else
		snprintf(path, 32, "/host/%zu", command->preopen_count);
	command->preopen_count++;
	*preopen = (struct hf_guest_preopen){.path = path, .name = name, .read_only = option};
	if (!devices)
		check(hf_host_copy_in(text, path), text);
}

static void take_saving(struct command *command, char *text)
{
	char *directory = cut(text);
	if (!directory)
		usage();
	command->savings[command->saving_count++] = (struct saving){text, directory};
}

static uint16_t port_of(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || port > UINT16_MAX)
		usage();
	return (uint16_t)port;
}

/* "PORT[::nonblock]" */
static void take_socket(struct command *command, char *text, bool listens)
{
	char *option = cut(text);
	if (option && strcmp(option, "nonblock") != 0)
		usage();
	command->sockets[command->socket_count++] =
		(struct hf_guest_socket){.listens = listens, .port = port_of(text), .nonblocking = option, .tcp = -1};
}

/* Parses "[ADDRESS:]PORT[::nonblock]", and binds the port at once, so that clients can connect before the guest runs. */
static void take_tcp(struct command *command, char *text)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	char *option = cut(text), *colon = strrchr(text, ':'), name[INET_ADDRSTRLEN];
	if (option && strcmp(option, "nonblock") != 0)
		usage();
	if (colon) {
		*colon = '\0';
		if (inet_pton(AF_INET, text, &at.sin_addr) != 1)
			usage();
	}
	uint16_t port = port_of(colon ? colon + 1 : text);
	at.sin_port = htons(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		fail("--tcplisten", strerror(errno));
	if (port == 0)
		fprintf(stderr, "holdfast: listening on %s:%u\n", inet_ntop(AF_INET, &at.sin_addr, name, sizeof name),
		        (unsigned)ntohs(at.sin_port));
	command->sockets[command->socket_count++] =
		(struct hf_guest_socket){.listens = true, .nonblocking = option, .tcp = fd};
}

static void parse(struct command *command, int count, char **words)
{
	int i = 1;
	for (; i < count && strncmp(words[i], "--", 2) == 0; i += 2) {
		char *value = words[i + 1];
		if (!value)
			usage();
		if (strcmp(words[i], "--arg0") == 0)
			command->arg0 = value;
		else if (strcmp(words[i], "--env") == 0 && strchr(value, '='))
			command->env[command->env_count++] = value;
		else if (strcmp(words[i], "--dir") == 0)
			take_directory(command, value);
		else if (strcmp(words[i], "--copy-out") == 0)
			take_saving(command, value);
		else if (strcmp(words[i], "--listen") == 0)
			take_socket(command, value, true);
		else if (strcmp(words[i], "--connect") == 0)
			take_socket(command, value, false);
		else if (strcmp(words[i], "--tcplisten") == 0)
			take_tcp(command, value);
		else if (strcmp(words[i], "--memory") == 0 && i == 1)
			; /* main has seen it */
		else if (strcmp(words[i], "--timeout") == 0 && strtod(value, NULL) > 0)
			command->timeout = strtod(value, NULL);
		else
			usage();
	}
	if (i >= count)
		usage();
	command->file = words[i];
	command->args = words + i; /* the file's slot is used for argv[0] */
	words[i] = (char *)(uintptr_t)(command->arg0 ? command->arg0 : command->file);
}

static void save(const struct command *command)
{
	for (size_t i = 0; i < command->saving_count; i++) {
		const struct hf_guest_preopen *preopen = command->preopens;
		const struct hf_guest_preopen *end = preopen + command->preopen_count;
		while (preopen < end && strcmp(preopen->name, command->savings[i].name) != 0)
			preopen++;
		if (preopen == end)
			fail(command->savings[i].name, "no such directory");
		check(hf_host_copy_out(preopen->path, command->savings[i].directory), command->savings[i].directory);
	}
}

static int report(const struct command *command, const struct hf_guest_exit *end)
{
	const char *name = command->args[0];
	switch (end->reason) {
	case HF_ENDED_EXIT:
		return (int)(end->code & 0xff);
	case HF_ENDED_TIMEOUT:
		fprintf(stderr, "holdfast: %s: timeout: killed after %g s\n", name, command->timeout);
		return (int)end->code;
	case HF_ENDED_KILLED:
		fprintf(stderr, "holdfast: %s: %s\n", name, end->message[0] ? end->message : "killed");
		return (int)end->code;
	default:
		fprintf(stderr, "holdfast: %s: %s: %s\n", name, end->reason == HF_ENDED_TRAP ? "trap" : "failed", end->message);
		return end->code & 0xff ? (int)(end->code & 0xff) : FAILED;
	}
}

static int run(const struct command *command)
{
	struct hf_guest_options options = {
		.args = (const char *const *)command->args,
		.env = command->env,
		.preopens = command->preopens,
		.preopen_count = command->preopen_count,
		.sockets = command->sockets,
		.socket_count = command->socket_count,
		.streams = {0, 1, 2},
	};
	struct hf_guest *guest;
	check(hf_guest_load(command->file, &options.module), command->file);
	check(hf_guest_spawn(&options, &guest), command->file);
	uint64_t limit = (uint64_t)(command->timeout * 1e9);
	bool dropped = false;
	if (limit > 0 && !hf_guest_join(guest, hf_plat_monotonic() + limit)) {
		hf_guest_end(guest, HF_ENDED_TIMEOUT, LATE, "timeout");
		dropped = !hf_guest_join(guest, hf_plat_monotonic() + GRACE);
		if (dropped)
			hf_guest_drop_output(guest);
	}
	if (!hf_guest_join(guest, HF_GUEST_FOREVER))
		fail(command->file, "it did not end");
	int status = report(command, hf_guest_exit(guest));
	if (dropped && status == 0) {
		fprintf(stderr, "holdfast: %s: timeout: its output was not read within %g s\n", command->args[0],
		        command->timeout);
		status = LATE;
	}
	save(command);
	hf_guest_free(guest);
	return status;
}

int main(int count, char **words)
{
	struct command command = {
		.env = zeroed((size_t)count, sizeof *command.env),
		.preopens = zeroed((size_t)count, sizeof *command.preopens),
		.savings = zeroed((size_t)count, sizeof *command.savings),
		.sockets = zeroed((size_t)count, sizeof *command.sockets),
	};
	(void)signal(SIGPIPE, SIG_IGN); /* from now on the guest gets EPIPE */
	check(hf_host_start(count > 2 && strcmp(words[1], "--memory") == 0 ? strtoull(words[2], NULL, 10) : 0), "start");
	parse(&command, count, words);
	int status = run(&command);
	hf_host_stop();
	for (size_t i = 0; i < command.preopen_count; i++)
		free((void *)(uintptr_t)command.preopens[i].path);
	free(command.env);
	free(command.preopens);
	free(command.savings);
	for (size_t i = 0; i < command.socket_count; i++) {
		if (command.sockets[i].tcp >= 0)
			(void)close(command.sockets[i].tcp);
	}
	free(command.sockets);
	if (hf_alloc_blocks() == 0)
		return status;
	fprintf(stderr, "holdfast: %zu blocks of kernel memory are left\n", hf_alloc_blocks());
	return LEAKED;
}
