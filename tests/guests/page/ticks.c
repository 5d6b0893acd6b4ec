// flags: -mexec-model=reactor -Wl,--export=malloc -Wl,--export=free
// Implements go_start_main and go_tick in C: a test sets what its ticks return, and reads how many there were.
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { IDLE = -1, READY = 0 };

static int starts, ticks, fired, read_bytes, ends;
static int ready_for;   /* this many more ticks return READY */
static int next_answer; /* returned once if not 0 */
static int trap_at, exit_at, exit_code;
static double timer;   /* milliseconds on the clock; 0: none */
static int keep_quiet; /* does not report its timer, like some Go runtimes */

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

EXPORT(go_start_main) void go_start_main(void)
{
	starts++;
}

static void read_input(void)
{
	char bytes[64];
	struct pollfd input = {.fd = 0, .events = POLLIN};
	while (!ends && poll(&input, 1, 0) == 1) {
		ssize_t size = read(0, bytes, sizeof bytes);
		if (size <= 0)
			ends = 1;
		else
			read_bytes += (int)size;
	}
}

static int time_left(void)
{
	double left = timer - now();
	return left > 1 ? (int)left : 1;
}

EXPORT(go_tick) int go_tick(void)
{
	ticks++;
	read_input();
	if (trap_at && ticks >= trap_at)
		__builtin_trap();
	if (exit_at && ticks >= exit_at)
		exit(exit_code);
	if (next_answer) {
		int answer = next_answer;
		next_answer = 0;
		return answer;
	}
	if (timer && now() >= timer) {
		timer = 0;
		fired++;
	}
	if (ready_for) {
		ready_for -= ready_for > 0;
		return READY;
	}
	return timer && !keep_quiet ? time_left() : IDLE;
}

EXPORT(be_ready) void be_ready(int how_often)
{
	ready_for = how_often;
}

EXPORT(set_timer) void set_timer(int milliseconds, int quiet)
{
	timer = now() + milliseconds;
	keep_quiet = quiet;
}

EXPORT(answer) void answer(int what)
{
	next_answer = what;
}

EXPORT(trap_in) void trap_in(int more)
{
	trap_at = ticks + more;
}

EXPORT(exit_in) void exit_in(int more, int code)
{
	exit_at = ticks + more;
	exit_code = code;
}

EXPORT(starts) int count_starts(void)
{
	return starts;
}

EXPORT(ticks) int count_ticks(void)
{
	return ticks;
}

EXPORT(fired) int count_fired(void)
{
	return fired;
}

EXPORT(bytes) int count_bytes(void)
{
	return read_bytes;
}

EXPORT(ended) int count_ends(void)
{
	return ends;
}
