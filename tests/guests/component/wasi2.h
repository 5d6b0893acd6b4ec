/* wasi2.h - checks for guests that call WASI 0.2 themselves, through wasi-libc's declarations. A failed check prints its location to stderr, and ends
 * the program with 1. */
#ifndef GUEST_WASI2_H
#define GUEST_WASI2_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/wasip2.h>

#define CHECK(condition)                                                             \
	do {                                                                             \
		if (!(condition)) {                                                          \
			fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                                 \
		}                                                                            \
	} while (0)

#define CHECK_EQ(actual, expected)                                                                                \
	do {                                                                                                          \
		long long check_got = (long long)(actual), check_want = (long long)(expected);                            \
		if (check_got != check_want) {                                                                            \
			fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, check_got, check_want); \
			exit(1);                                                                                              \
		}                                                                                                         \
	} while (0)

/* Checks that the call, whose last argument is &error, fails with this code. */
#define CHECK_ERROR(call, code)  \
	do {                         \
		CHECK(!(call));          \
		CHECK_EQ(error, (code)); \
	} while (0)

#define MILLISECOND 1000000ull

/* Converts a string for the generated functions, which do not change it. */
static inline wasip2_string_t text(const char *s)
{
	return (wasip2_string_t){.ptr = (uint8_t *)(uintptr_t)s, .len = strlen(s)};
}

static inline bool equals(wasip2_string_t a, const char *b)
{
	return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

/* Writes the whole text to the stream. */
static inline void put(streams_borrow_output_stream_t out, const char *s)
{
	wasip2_list_u8_t bytes = {.ptr = (uint8_t *)(uintptr_t)s, .len = strlen(s)};
	streams_stream_error_t error;
	CHECK(streams_method_output_stream_blocking_write_and_flush(out, &bytes, &error));
}

#endif
