/* supervision.h - a supervisor over simulated children that records every step, with a clock that the test advances.
 *
 * Children are letters, in the order of their start. They start at once, and end at once when they are asked or killed,
 * unless the test says otherwise. Steps are recorded as words, separated by commas:
 *
 *   start b     it is started                    fail b      it could not be started
 *   stop b      it is asked, or killed at once,  trap b …    it ended by itself, and how
 *               and ends                         limit b     it ended once too often
 *   ask b       it is asked, and does not obey   completed   all have ended for good
 *   kill b      … and is killed                  finished    the supervisor has ended
 *   cancel b    a start is to be given up        wait 20     there is a delay of this many milliseconds
 *
 * After every step these invariants are checked: no two generations of a child are alive, no child is started while a later one has yet to stop,
 * there are never more restarts than allowed, and no action refers to a child that does not exist. */
#ifndef HF_TEST_SUPERVISION_H
#define HF_TEST_SUPERVISION_H

#include <holdfast/supervisor.h>

#include "support/check.h"

#define MS UINT64_C(1000000)

/* A value for `shutdown`. */
#define KILL_AT_ONCE 0

struct actor {
	uint32_t alive; /* the generation that is alive or being started, or 0 */
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
	uint64_t restarted[64]; /* the times of the latest restarts */
	uint32_t restarts;
};

/* The clock starts at a time other than 0. */
void supervise(struct supervision *s, uint32_t strategy, int32_t max_restarts, uint64_t within);
void supervise_with(struct supervision *s, const struct hf_sup_settings *settings);
/* Adds a child without performing a step. */
void child(struct supervision *s, char name, uint32_t restart, uint64_t shutdown);
struct actor *actor(struct supervision *s, char name);

/* Performs all due actions. */
void step(struct supervision *s);
/* Advances the clock, with a step at each deadline on the way. */
void pass(struct supervision *s, uint64_t time);
/* The child ended by itself, or obeyed late. Then performs a step. */
void end(struct supervision *s, char name, uint32_t reason, uint32_t code);
/* A slow start succeeded. Then performs a step. */
void up(struct supervision *s, char name);

void stop_child(struct supervision *s, char name);
void restart_child(struct supervision *s, char name);
void close_all(struct supervision *s);

/* Checks the words recorded since the last check. */
void happened(struct supervision *s, const char *expected);
/* Sends the events that the bytes describe, in any order and at any time; then closes the supervisor, and checks that all children are gone. */
void random_walk(const uint8_t *bytes, size_t size);
const char *reason_name(uint32_t reason, uint32_t code);

#endif
