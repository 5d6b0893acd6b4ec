/* supervision.h - a supervisor over simulated children that records every step, with a clock that the test advances.
 *
 * Children are letters, in the order of their start. They start at once, and end at once when they are asked or killed,
 * unless the test says otherwise. What happens is written as words, separated by commas:
 *
 *   start b     it is started                    fail b      it could not be started
 *   stop b      it is asked, or killed at once,  trap b …    it ended by itself, and how
 *               and ends                         limit b     its end was one too many
 *   ask b       it is asked, and does not obey   completed   all have ended for good
 *   kill b      … and is killed                  finished    the supervisor has ended
 *   cancel b    a start is to be given up        wait 20     there is a delay of so many milliseconds
 *
 * After every step it is checked that no two generations of a child live, that nothing is started while what stands
 * after it has yet to stop, that restarts are never more than are allowed, and that no action is about a child that is not there. */
#ifndef HF_TEST_SUPERVISION_H
#define HF_TEST_SUPERVISION_H

#include <holdfast/supervisor.h>

#include "support/check.h"

#define MS UINT64_C(1000000)

/* For `shutdown`. */
#define KILL_AT_ONCE 0

struct actor {
	uint32_t alive; /* the generation that lives, or is being started; 0 */
	bool running;
	bool stubborn;    /* does not end when asked */
	bool slow_start;  /* the test decides when it has started */
	bool slow_death;  /* the test decides when it has ended, even after a kill */
	uint32_t failing; /* this many starts fail */
	uint32_t starts;
};

struct supervision {
	struct hf_supervisor sup;
	struct hf_sup_child table[26];
	uint64_t times[64];
	struct actor actors[26];
	uint64_t now;
	char log[4096];
	size_t used;
	bool finished;
	uint64_t restarted[64]; /* when, the last ones */
	uint32_t restarts;
};

/* The clock starts at a time other than 0. */
void supervise(struct supervision *s, uint32_t strategy, int32_t max_restarts, uint64_t within);
void supervise_with(struct supervision *s, const struct hf_sup_settings *settings);
/* Adds it without a step. */
void child(struct supervision *s, char name, uint32_t restart, uint64_t shutdown);
struct actor *actor(struct supervision *s, char name);

/* Performs all due actions. */
void step(struct supervision *s);
/* Time passes, with a step at each deadline on the way. */
void pass(struct supervision *s, uint64_t time);
/* It ended by itself, or obeyed late. Then performs a step. */
void end(struct supervision *s, char name, uint32_t reason, uint32_t code);
/* A slow start worked. Then a step. */
void up(struct supervision *s, char name);

void stop_child(struct supervision *s, char name);
void restart_child(struct supervision *s, char name);
void close_all(struct supervision *s);

/* Checks what was written since the last time. */
void happened(struct supervision *s, const char *expected);
/* Sends the events that the bytes describe, in any order and at any time; then closes it, and checks that all children are gone. */
void random_walk(const uint8_t *bytes, size_t size);
const char *reason_name(uint32_t reason, uint32_t code);

#endif
