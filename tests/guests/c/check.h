/* check.h - checks for guests that test themselves. A failed check prints its location and the value to stderr, and exits with 1. It writes directly
 * to descriptor 2, so that it neither needs nor disturbs stdio. */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include <errno.h> /* wasi-libc's numbers are WASI's: ENOENT is __WASI_ERRNO_NOENT */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

#define CHECK(condition)                                                 \
	do {                                                                 \
		if (!(condition))                                                \
			check_failed(__FILE__, __LINE__, "%s is false", #condition); \
	} while (0)

/* Compares both as 64-bit integers. */
#define CHECK_EQ(actual, expected)                                                                           \
	do {                                                                                                     \
		long long check_got = (long long)(actual), check_want = (long long)(expected);                       \
		if (check_got != check_want)                                                                         \
			check_failed(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld", #actual, check_got, check_got, \
			             check_want);                                                                        \
	} while (0)

#define CHECK_BETWEEN(actual, low, high)                                                                         \
	do {                                                                                                         \
		long long check_got = (long long)(actual), check_low = (long long)(low), check_high = (long long)(high); \
		if (check_got < check_low || check_got > check_high)                                                     \
			check_failed(__FILE__, __LINE__, "%s is %lld, not within %lld..%lld", #actual, check_got, check_low, \
			             check_high);                                                                            \
	} while (0)

#define CHECK_BYTES(actual, expected, size)                                             \
	do {                                                                                \
		if (memcmp((actual), (expected), (size)) != 0)                                  \
			check_failed(__FILE__, __LINE__, "%s differs from %s", #actual, #expected); \
	} while (0)

/* The call returns one of these error numbers. There is more than one only where the specification is vague and hosts differ. */
#define CHECK_ERRNO(call, ...)                                                                        \
	do {                                                                                              \
		const uint16_t check_ok[] = {__VA_ARGS__};                                                    \
		unsigned check_got = (unsigned)(call);                                                        \
		if (!check_listed(check_got, check_ok, sizeof check_ok / sizeof *check_ok))                   \
			check_failed(__FILE__, __LINE__, "%s gives %u (%s), not " #__VA_ARGS__, #call, check_got, \
			             strerror((int)check_got));                                                   \
	} while (0)

#define CHECK_OK(call) CHECK_ERRNO(call, 0)

static inline bool check_listed(unsigned got, const uint16_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (got == list[i])
			return true;
	return false;
}

#define check_failed(file, line, format, ...)                                                                     \
	do {                                                                                                          \
		char check_text[512];                                                                                     \
		int check_size = snprintf(check_text, sizeof check_text, "%s:%d: " format "\n", file, line, __VA_ARGS__); \
		if (check_size >= (int)sizeof check_text)                                                                 \
			check_size = sizeof check_text - 1;                                                                   \
		__wasi_ciovec_t check_iov = {(const uint8_t *)check_text, (size_t)check_size};                            \
		__wasi_size_t check_written;                                                                              \
		if (__wasi_fd_write(2, &check_iov, 1, &check_written))                                                    \
			__wasi_proc_exit(101);                                                                                \
		__wasi_proc_exit(1);                                                                                      \
	} while (0)

#endif
