/* holdfast.c - the module holdfast_v1 as C functions. */
#include "holdfast.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

#define IMPORT(name) __attribute__((import_module("holdfast_v1"), import_name(#name)))

/* Results below 0 are negated errors. The last two write 32-bit numbers to a buffer, the first of which is the result, and return the number of
 * bytes. */
IMPORT(spawn)
int32_t import_spawn(int32_t file, const char *args, size_t args_size, const char *env, size_t env_size, int32_t input,
                     int32_t output, int32_t errors);
IMPORT(kill) int32_t import_kill(int32_t pid, int32_t signal);
IMPORT(wait) int32_t import_wait(int32_t pid, int32_t flags, int32_t *buffer, size_t size);
IMPORT(pipe) int32_t import_pipe(int32_t *buffer, size_t size);

static int result_of(int32_t result)
{
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

/* Concatenates the strings, each with its NUL. */
static char *joined(char *const list[], size_t *size)
{
	*size = 0;
	for (size_t i = 0; list && list[i]; i++)
		*size += strlen(list[i]) + 1;
	char *bytes = malloc(*size ? *size : 1), *at = bytes;
	for (size_t i = 0; bytes && list && list[i]; i++) {
		size_t length = strlen(list[i]) + 1;
		memcpy(at, list[i], length);
		at += length;
	}
	return bytes;
}

int holdfast_spawn(const char *path, char *const argv[], char *const envp[], const int streams[3])
{
	static const int own[3] = {0, 1, 2};
	size_t args_size, env_size;
	int file = open(path, O_RDONLY);
	if (file < 0)
		return -1;
	char *args = joined(argv, &args_size), *env = joined(envp ? envp : environ, &env_size);
	if (!streams)
		streams = own;
	int32_t result = -ENOMEM;
	if (args && env)
		result = import_spawn(file, args, args_size, env, env_size, streams[0], streams[1], streams[2]);
	free(args);
	free(env);
	close(file);
	return result_of(result);
}

int holdfast_wait(int pid, struct holdfast_status *status, int flags)
{
	int32_t words[3] = {0};
	(void)import_wait(pid, flags, words, sizeof words);
	if (status && words[0] > 0)
		*status = (struct holdfast_status){.reason = (enum holdfast_reason)words[1], .code = words[2]};
	return result_of(words[0]);
}

int holdfast_kill(int pid, int signal)
{
	return result_of(import_kill(pid, signal));
}

int holdfast_pipe(int ends[2])
{
	int32_t words[3] = {0};
	(void)import_pipe(words, sizeof words);
	if (words[0] == 0) {
		ends[0] = words[1];
		ends[1] = words[2];
	}
	return result_of(words[0]);
}
