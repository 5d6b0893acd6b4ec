/* wasi:cli: arguments, including empty ones and ones with multi-byte characters; the environment; and no terminals.
 *
 * guest:
 *   argv0: program
 *   args: one "" "größe 漢字 🍰" "two words"
 *   env: NAME=value
 *   env: EMPTY=
 *   env: UMLAUT=ä=ö
 *   expect-stdout: "program|one||größe 漢字 🍰|two words|\nEMPTY=|NAME=value|UMLAUT=ä=ö|\n"
 * guest nothing:
 *   argv0: alone
 *   expect-stdout: "alone|\n\n"
 */
#include "wasi2.h"

static void print(wasip2_string_t s)
{
	fwrite(s.ptr, 1, s.len, stdout);
}

static int by_name(const void *a, const void *b)
{
	const wasip2_string_t *x = &((const wasip2_tuple2_string_string_t *)a)->f0,
						  *y = &((const wasip2_tuple2_string_string_t *)b)->f0;
	size_t size = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->ptr, y->ptr, size);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

int main(void)
{
	wasip2_list_string_t arguments;
	environment_get_arguments(&arguments);
	for (size_t i = 0; i < arguments.len; i++) {
		print(arguments.ptr[i]);
		putchar('|');
	}
	putchar('\n');
	wasip2_list_string_free(&arguments);

	wasip2_list_tuple2_string_string_t variables;
	environment_get_environment(&variables);
	qsort(variables.ptr, variables.len, sizeof *variables.ptr, by_name);
	for (size_t i = 0; i < variables.len; i++) {
		print(variables.ptr[i].f0);
		putchar('=');
		print(variables.ptr[i].f1);
		putchar('|');
	}
	putchar('\n');
	wasip2_list_tuple2_string_string_free(&variables);

	terminal_stdin_own_terminal_input_t input;
	terminal_stdout_own_terminal_output_t output;
	CHECK(!terminal_stdin_get_terminal_stdin(&input));
	CHECK(!terminal_stdout_get_terminal_stdout(&output));
	CHECK(!terminal_stderr_get_terminal_stderr(&output));
	return 0;
}
