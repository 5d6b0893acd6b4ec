/* rows.h - the rounds of a benchmark: each row calls its function many times, and the rounds of all rows are interleaved, so that a slow moment of the
 * machine affects all rows equally. Included once by each program. */
#ifndef GUEST_BENCH_ROWS_H
#define GUEST_BENCH_ROWS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROUNDS = 1001 };

#define NANOSECONDS_PER_MICROSECOND 1000

struct row {
	const char *name;
	void (*run)(uint32_t n); /* does its work n times; NULL: the row is left out */
	uint32_t count;          /* calls in a round */
	double times[MAX_ROUNDS];
};

/* Defined by the program. */
extern struct row rows[];
extern const uint32_t row_count;
/* Returns the monotonic clock's time in nanoseconds. */
uint64_t now(void);

static inline struct row *row_named(const char *name)
{
	for (struct row *row = rows; row < rows + row_count; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	abort();
}

static double per_call(const struct row *row)
{
	uint64_t start = now();
	row->run(row->count);
	return (double)(now() - start) / row->count;
}

/* Returns the shortest of three tries, so that a slow moment of the machine does not count. */
static double shortest(const struct row *row)
{
	double best = per_call(row);

	for (int i = 0; i < 2; i++) {
		double again = per_call(row);
		if (again < best)
			best = again;
	}
	return best;
}

/* Returns how many calls a round needs; also warms up. */
static void calibrate(struct row *row, uint64_t round)
{
	for (row->count = 1; row->count < 1u << 28; row->count *= 2)
		if (shortest(row) * row->count >= (double)round)
			return;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Measures all rows and prints `NAME MIN MEDIAN MAX` for each, in nanoseconds per call. Arguments: the number of rounds (15), and how many microseconds
 * one round of one row takes (4,000). */
static void run_rows(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	uint64_t round = (uint64_t)(argc > 2 ? atoi(argv[2]) : 4000) * NANOSECONDS_PER_MICROSECOND;

	if (rounds <= 0 || rounds > MAX_ROUNDS || round == 0)
		abort();
	for (struct row *row = rows; row < rows + row_count; row++)
		if (row->run)
			calibrate(row, round);
	for (int i = 0; i < rounds; i++)
		for (struct row *row = rows; row < rows + row_count; row++)
			if (row->run)
				row->times[i] = per_call(row);
	for (struct row *row = rows; row < rows + row_count; row++) {
		if (!row->run)
			continue;
		qsort(row->times, (size_t)rounds, sizeof *row->times, by_time);
		printf("%s %.2f %.2f %.2f\n", row->name, row->times[0], row->times[rounds / 2], row->times[rounds - 1]);
	}
}

#endif
