/* check.h - what every native test needs: checks that print the actual values, threads, a time budget, and pseudo-random numbers from a seed.
 *
 * A test is a program: main() returns done(), which also checks that no kernel memory is in use. A failed
 * check ends the program. */
#ifndef HF_TEST_CHECK_H
#define HF_TEST_CHECK_H

#include <holdfast/errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
/* Integers of any kind. */
#define CHECK_EQ(a, b) check_eq(__FILE__, __LINE__, #a, (int64_t)(a), #b, (int64_t)(b))
/* Results of kernel functions, printed by name: CHECK_ERR(f(), -HF_ENOENT). */
#define CHECK_ERR(expression, expected) check_err(__FILE__, __LINE__, #expression, (int64_t)(expression), (expected))
#define CHECK_OK(expression) CHECK_ERR(expression, 0)
#define CHECK_BYTES(a, b, size) check_bytes(__FILE__, __LINE__, #a, (a), #b, (b), (size))

_Noreturn void check_failed(const char *file, int line, const char *what);
void check_eq(const char *file, int line, const char *a_text, int64_t a, const char *b_text, int64_t b);
void check_err(const char *file, int line, const char *text, int64_t got, int64_t expected);
void check_bytes(const char *file, int line, const char *a_text, const void *a, const char *b_text, const void *b,
                 size_t size);

/* Checks that no kernel memory is in use; returns main's result, 0. */
int done(void);

/* Runs fn(context, 0) ... fn(context, count - 1), each in a thread of its own, and waits for all. */
void in_threads(unsigned count, void (*fn)(void *context, unsigned number), void *context);

/* A hammer's time: true until `milliseconds` after the first call with this budget. Any thread. */
struct budget {
	unsigned milliseconds;
	_Atomic uint64_t until;
};
bool time_left(struct budget *budget);

/* xorshift64*; the state is the seed, not 0. */
uint64_t random_next(uint64_t *state);
/* 0 ... below - 1. */
uint32_t random_below(uint64_t *state, uint32_t below);
/* From the environment variable HF_TEST_SEED, or a new one each time; it is printed, so that a failure can be reproduced. */
uint64_t random_seed(void);

#endif
