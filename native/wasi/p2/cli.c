/* cli.c - wasi:cli: arguments, environment, standard streams, terminals, exit. */
#include <string.h>

#include "wasi/p2/door.h"
#include "wasi/p2/stream.h"

/* ---- environment ---- */

struct pair {
	struct hf_p2_list name, value;
};

/* "NAME=VALUE" */
static int put_pair(hf_b b, const char *text, struct pair *out)
{
	const char *sign = strchr(text, '=');
	uint32_t whole = (uint32_t)strlen(text), name = sign ? (uint32_t)(sign - text) : whole;
	int result = hf__p2_put_string(b, text, name, &out->name);
	return result < 0 ? result
	                  : hf__p2_put_string(b, text + name + (sign != NULL), whole - name - (sign != NULL), &out->value);
}

static int put_text(hf_b b, const char *text, struct hf_p2_list *out)
{
	return hf__p2_put_string(b, text, (uint32_t)strlen(text), out);
}

/* Stores the elements of the list. They stay in memory of the state until all strings are in the component's memory. */
static int put_elements(hf_b b, const struct hf_strings *strings, bool pairs, uint32_t at)
{
	struct pair pair;
	const char *text = strings->bytes;
	uint32_t size = pairs ? sizeof pair : sizeof pair.name;
	for (uint32_t i = 0; i < strings->count; i++, at += size, text += strlen(text) + 1) {
		int result = pairs ? put_pair(b, text, &pair) : put_text(b, text, &pair.name);
		if (result < 0)
			return result;
		hf__p2_store(b, at, &pair, size);
	}
	return 0;
}

/* As list<string>, or as list<tuple<string, string>>. */
static void put_strings(hf_b b, const struct hf_strings *strings, bool pairs, uint32_t out)
{
	struct hf_p2_list list = {.count = strings->count};
	uint64_t size = (uint64_t)list.count * (pairs ? sizeof(struct pair) : sizeof list);
	if (hf__p2_check(b, out, sizeof list, 4) == 0 && hf__p2_realloc(b, 4, size, &list.at) == 0 &&
	    put_elements(b, strings, pairs, list.at) == 0)
		hf__p2_store(b, out, &list, sizeof list);
}

static void sys_get_environment(hf_b b, uint32_t out)
{
	put_strings(b, &b->p2->thread->process->env, true, out);
}

P2_VOID_DOOR(get_environment, (uint32_t out), out)

static void sys_get_arguments(hf_b b, uint32_t out)
{
	put_strings(b, &b->p2->thread->process->args, false, out);
}

P2_VOID_DOOR(get_arguments, (uint32_t out), out)

/* option<T> with a payload of one or two words. */
struct option {
	uint32_t is_some;
	uint32_t value;
};

/* Returns none: programs have no initial directory, and resolve relative paths by the names of their preopens. */
static void sys_initial_cwd(hf_b b, uint32_t out)
{
	uint32_t none = 0;
	if (hf__p2_check(b, out, sizeof none + sizeof(struct hf_p2_list), 4) == 0)
		hf__p2_store(b, out, &none, sizeof none);
}

P2_VOID_DOOR(initial_cwd, (uint32_t out), out)

/* ---- exit ---- */

static void end(hf_b b, uint32_t code)
{
	hf_process_end(b->p2->thread->process, HF_EXIT_EXIT, code, NULL, 0, NULL, 0);
}

/* `status` is result<_, _>. */
static void sys_exit(hf_b b, uint32_t status)
{
	if (status > 1)
		(void)hf__p2_trap_at(b->p2, "# is not a valid result", status);
	else
		end(b, status);
}

P2_VOID_DOOR(exit, (uint32_t status), status)

static void sys_exit_with_code(hf_b b, uint32_t code)
{
	end(b, code & 0xff);
}

P2_VOID_DOOR(exit_with_code, (uint32_t code), code)

/* ---- standard streams ---- */

static uint32_t standard_stream(hf_b b, enum hf_p2_type type, uint32_t fd)
{
	struct hf_p2_stream *stream = hf__p2_stream(b->p2, type, fd, HF_P2_PLACE_NONE, 0, NULL);
	return hf__p2_give(b, stream ? &stream->base : NULL);
}

static uint32_t sys_get_stdin(hf_b b)
{
	return standard_stream(b, HF_P2_INPUT_STREAM, 0);
}

P2_PLAIN_DOOR(uint32_t, get_stdin)

static uint32_t sys_get_stdout(hf_b b)
{
	return standard_stream(b, HF_P2_OUTPUT_STREAM, 1);
}

P2_PLAIN_DOOR(uint32_t, get_stdout)

static uint32_t sys_get_stderr(hf_b b)
{
	return standard_stream(b, HF_P2_OUTPUT_STREAM, 2);
}

P2_PLAIN_DOOR(uint32_t, get_stderr)

/* ---- terminals ---- */

/* A terminal is a stream that reports a character device. A character device that is a file is not one: it is a device like /dev/null. */
static bool is_terminal(hf_b b, uint32_t fd)
{
	struct hf_fd_view view;
	if (hf_fd_get(&b->p2->thread->process->fds, fd, 0, &view) < 0)
		return false;
	bool is = view.file->filetype == HF_FILETYPE_CHARACTER_DEVICE && !view.file->has_vnode;
	hf_fd_put(&view);
	return is;
}

static void put_terminal(hf_b b, enum hf_p2_type type, uint32_t fd, uint32_t out)
{
	struct option option = {.is_some = is_terminal(b, fd)};
	if (hf__p2_check(b, out, sizeof option, 4) < 0)
		return;
	if (option.is_some)
		option.value = hf__p2_give(b, hf__p2_object(b->p2, sizeof(struct hf_p2_object), type, NULL));
	hf__p2_store(b, out, &option, sizeof option);
}

static void sys_get_terminal_stdin(hf_b b, uint32_t out)
{
	put_terminal(b, HF_P2_TERMINAL_INPUT, 0, out);
}

P2_VOID_DOOR(get_terminal_stdin, (uint32_t out), out)

static void sys_get_terminal_stdout(hf_b b, uint32_t out)
{
	put_terminal(b, HF_P2_TERMINAL_OUTPUT, 1, out);
}

P2_VOID_DOOR(get_terminal_stdout, (uint32_t out), out)

static void sys_get_terminal_stderr(hf_b b, uint32_t out)
{
	put_terminal(b, HF_P2_TERMINAL_OUTPUT, 2, out);
}

P2_VOID_DOOR(get_terminal_stderr, (uint32_t out), out)
