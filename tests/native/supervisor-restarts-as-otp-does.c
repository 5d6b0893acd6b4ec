/* The supervisor's behaviour as documented for OTP's `supervisor`, section by section: strategies x restart types
 * x exit reasons, intensity and period, shutdown, and what commands do. support/supervision.h explains the notation. */
#include "support/supervision.h"

#include <stdio.h>
#include <string.h>

#define ANY_NUMBER (-1)
#define EVER HF_SUP_FOREVER

/* ---- Restart strategies and restart types ----
 *
 * The children are, in the order of their start: a (permanent), s (temporary), b (of the type in the table), c (transient),
 * t (temporary), and d (transient), which had ended normally. b ends. */

enum ends { NORMALLY, ABNORMALLY };

static const struct {
	uint32_t strategy, restart;
	enum ends ends;
	const char *happens;
} table[] = {
	/* one_for_one: if one child process terminates and is to be restarted, only that child process is affected. */
	{HF_SUP_ONE_FOR_ONE, HF_SUP_PERMANENT, NORMALLY, "start b"},
	{HF_SUP_ONE_FOR_ONE, HF_SUP_PERMANENT, ABNORMALLY, "start b"},
	{HF_SUP_ONE_FOR_ONE, HF_SUP_TRANSIENT, NORMALLY, ""},
	{HF_SUP_ONE_FOR_ONE, HF_SUP_TRANSIENT, ABNORMALLY, "start b"},
	{HF_SUP_ONE_FOR_ONE, HF_SUP_TEMPORARY, NORMALLY, ""},
	{HF_SUP_ONE_FOR_ONE, HF_SUP_TEMPORARY, ABNORMALLY, ""},

	/* one_for_all: if one child process terminates and is to be restarted, all other child processes are terminated and
     * then all child processes are restarted. A temporary child process is never restarted, even when a sibling's death
     * causes it to be terminated. Those that had ended are among "all". */
	{HF_SUP_ONE_FOR_ALL, HF_SUP_PERMANENT, NORMALLY,
     "stop t, stop c, stop s, stop a, start a, start b, start c, start d"},
	{HF_SUP_ONE_FOR_ALL, HF_SUP_PERMANENT, ABNORMALLY,
     "stop t, stop c, stop s, stop a, start a, start b, start c, start d"},
	{HF_SUP_ONE_FOR_ALL, HF_SUP_TRANSIENT, NORMALLY, ""},
	{HF_SUP_ONE_FOR_ALL, HF_SUP_TRANSIENT, ABNORMALLY,
     "stop t, stop c, stop s, stop a, start a, start b, start c, start d"},
	{HF_SUP_ONE_FOR_ALL, HF_SUP_TEMPORARY, NORMALLY, ""},
	{HF_SUP_ONE_FOR_ALL, HF_SUP_TEMPORARY, ABNORMALLY, ""},

	/* rest_for_one: the child processes after the terminated one in the start order are terminated. Then the terminated
     * child process and all child processes after it are restarted. */
	{HF_SUP_REST_FOR_ONE, HF_SUP_PERMANENT, NORMALLY, "stop t, stop c, start b, start c, start d"},
	{HF_SUP_REST_FOR_ONE, HF_SUP_PERMANENT, ABNORMALLY, "stop t, stop c, start b, start c, start d"},
	{HF_SUP_REST_FOR_ONE, HF_SUP_TRANSIENT, NORMALLY, ""},
	{HF_SUP_REST_FOR_ONE, HF_SUP_TRANSIENT, ABNORMALLY, "stop t, stop c, start b, start c, start d"},
	{HF_SUP_REST_FOR_ONE, HF_SUP_TEMPORARY, NORMALLY, ""},
	{HF_SUP_REST_FOR_ONE, HF_SUP_TEMPORARY, ABNORMALLY, ""},
};

static const struct {
	struct hf_sup_end end;
	enum ends ends;
} reasons[] = {
	{{HF_SUP_END_EXIT, 0}, NORMALLY},
	{{HF_SUP_END_EXIT, 1}, ABNORMALLY},
	{{HF_SUP_END_EXIT, 255}, ABNORMALLY},
	{{2 /* trap */, 134}, ABNORMALLY},
	{{2 /* trap */, 0}, ABNORMALLY},
	{{3 /* killed */, 137}, ABNORMALLY},
	{{3 /* killed */, 0}, ABNORMALLY},
	{{4 /* timeout */, 124}, ABNORMALLY},
	{{5 /* limit */, 137}, ABNORMALLY},
	{{6 /* crash */, 134}, ABNORMALLY},
	{{HF_SUP_END_START_FAILED, 0}, ABNORMALLY},
	{{HF_SUP_END_RESTART_LIMIT, 0}, ABNORMALLY}, /* the child was a supervisor */
};

static void family(struct supervision *s, uint32_t strategy, uint32_t type_of_b)
{
	supervise(s, strategy, ANY_NUMBER, EVER);
	child(s, 'a', HF_SUP_PERMANENT, HF_SUP_USUAL);
	child(s, 's', HF_SUP_TEMPORARY, HF_SUP_USUAL);
	child(s, 'b', type_of_b, HF_SUP_USUAL);
	child(s, 'c', HF_SUP_TRANSIENT, HF_SUP_USUAL);
	child(s, 't', HF_SUP_TEMPORARY, HF_SUP_USUAL);
	child(s, 'd', HF_SUP_TRANSIENT, HF_SUP_USUAL);
	step(s);
	end(s, 'd', HF_SUP_END_EXIT, 0);
	happened(s, "start a, start s, start b, start c, start t, start d, exit d");
}

static void check_row(size_t row, size_t reason)
{
	struct supervision s;
	char expected[256];
	struct hf_sup_end how = reasons[reason].end;
	family(&s, table[row].strategy, table[row].restart);
	if (how.reason == HF_SUP_END_START_FAILED && table[row].restart != HF_SUP_TEMPORARY) {
		/* It is stopped and started by a command, which affects no other child; that start fails. */
		actor(&s, 'b')->slow_start = true;
		restart_child(&s, 'b');
		happened(&s, "stop b, start b");
		actor(&s, 'b')->slow_start = false;
	}
	end(&s, 'b', how.reason, how.code);
	const char *happens = table[row].happens;
	snprintf(expected, sizeof expected, "%s b%s%s", reason_name(how.reason, how.code), *happens ? ", " : "", happens);
	happened(&s, expected);
	/* A temporary child is removed; the others keep their order. */
	CHECK_EQ(hf_sup_find(&s.sup, 'b') == NULL, table[row].restart == HF_SUP_TEMPORARY);
	CHECK_EQ(s.sup.restarts, *happens ? 1 : 0);
	if (*happens && table[row].strategy != HF_SUP_ONE_FOR_ONE)
		CHECK(!hf_sup_find(&s.sup, 't'));
	CHECK_EQ(hf_sup_find(&s.sup, 's') == NULL, *happens && table[row].strategy == HF_SUP_ONE_FOR_ALL);
	close_all(&s);
}

static void check_table(void)
{
	for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
		for (size_t reason = 0; reason < sizeof reasons / sizeof reasons[0]; reason++) {
			if (reasons[reason].ends == table[row].ends)
				check_row(row, reason);
		}
	}
}

/* ---- Restart intensity and period ----
 *
 * If more than MaxR restarts occur within MaxT, the supervisor terminates all child processes and then itself. */

static void intensity(struct supervision *s, int32_t max_restarts, uint64_t within)
{
	supervise(s, HF_SUP_ONE_FOR_ONE, max_restarts, within);
	child(s, 'a', HF_SUP_PERMANENT, HF_SUP_USUAL);
	child(s, 'b', HF_SUP_PERMANENT, HF_SUP_USUAL);
	step(s);
	happened(s, "start a, start b");
}

static void check_intensity(void)
{
	struct supervision s;

	/* The golden case: a transient child that traps, two restarts. */
	supervise(&s, HF_SUP_ONE_FOR_ONE, 2, EVER);
	child(&s, 'w', HF_SUP_TRANSIENT, HF_SUP_USUAL);
	step(&s);
	for (int i = 0; i < 3; i++)
		end(&s, 'w', 2, 134);
	happened(&s, "start w, trap w, start w, trap w, start w, trap w, limit w, finished");
	CHECK_EQ(s.sup.restarts, 2);
	CHECK_EQ(s.sup.limit_id, 'w');
	CHECK_EQ(s.sup.limit_end.reason, 2);

	/* With a maximum of 0, even the first restart is too many. */
	intensity(&s, 0, 5000 * MS);
	end(&s, 'b', 2, 134);
	happened(&s, "trap b, limit b, stop a, finished");

	/* Two within 5 s are allowed; the third, of any child, is too many if the first was at most 5 s ago. */
	intensity(&s, 2, 5000 * MS);
	end(&s, 'a', 2, 134);
	pass(&s, 2000 * MS);
	end(&s, 'b', 2, 134);
	pass(&s, 3000 * MS);
	end(&s, 'a', 2, 134);
	happened(&s, "trap a, start a, trap b, start b, trap a, limit a, stop b, finished");

	/* ... but not if it was longer ago; then the second counts as the first. */
	intensity(&s, 2, 5000 * MS);
	end(&s, 'a', 2, 134);
	pass(&s, 2000 * MS);
	end(&s, 'b', 2, 134);
	pass(&s, 3000 * MS + 1);
	end(&s, 'a', 2, 134);
	pass(&s, 1000 * MS);
	happened(&s, "trap a, start a, trap b, start b, trap a, start a");
	end(&s, 'a', 2, 134);
	happened(&s, "trap a, limit a, stop b, finished");

	/* Without a period, old restarts always count. */
	intensity(&s, 2, EVER);
	end(&s, 'a', 2, 134);
	pass(&s, UINT64_C(1) << 60);
	end(&s, 'a', 2, 134);
	pass(&s, UINT64_C(1) << 60);
	end(&s, 'a', 2, 134);
	happened(&s, "trap a, start a, trap a, start a, trap a, limit a, stop b, finished");

	/* A negative maximum means no limit, including for normal ends of a permanent child. */
	intensity(&s, -1, 5000 * MS);
	for (int i = 0; i < 1000; i++) {
		end(&s, 'b', HF_SUP_END_EXIT, 0);
		happened(&s, "exit b, start b");
	}
	CHECK_EQ(s.sup.restarts, 1000);

	/* A permanent child with normal ends runs until the limit. */
	intensity(&s, 2, 5000 * MS);
	for (int i = 0; i < 3; i++)
		end(&s, 'b', HF_SUP_END_EXIT, 0);
	happened(&s, "exit b, start b, exit b, start b, exit b, limit b, stop a, finished");

	/* A restart counts once, however many children it restarts. */
	supervise(&s, HF_SUP_ONE_FOR_ALL, 1, 5000 * MS);
	for (char name = 'a'; name <= 'e'; name++)
		child(&s, name, HF_SUP_PERMANENT, HF_SUP_USUAL);
	step(&s);
	end(&s, 'e', 2, 134);
	happened(&s, "start a, start b, start c, start d, start e, trap e, stop d, stop c, stop b, stop a, "
	             "start a, start b, start c, start d, start e");
	CHECK_EQ(s.sup.restarts, 1);
	/* At the limit, in reversed start order. */
	end(&s, 'b', 2, 134);
	happened(&s, "trap b, limit b, stop e, stop d, stop c, stop a, finished");
}

/* ---- Starting ---- */

static void check_starts(void)
{
	struct supervision s;

	/* The child processes are started in order; each one once the one before it has started. */
	for (uint32_t strategy = HF_SUP_ONE_FOR_ONE; strategy <= HF_SUP_REST_FOR_ONE; strategy++) {
		supervise(&s, strategy, 3, EVER);
		for (char name = 'a'; name <= 'c'; name++)
			child(&s, name, HF_SUP_PERMANENT, HF_SUP_USUAL);
		actor(&s, 'a')->slow_start = actor(&s, 'b')->slow_start = true;
		step(&s);
		happened(&s, "start a");
		up(&s, 'a');
		happened(&s, "start b");
		up(&s, 'b');
		happened(&s, "start c");
	}

	/* A failed start counts, and is retried. */
	supervise(&s, HF_SUP_ONE_FOR_ONE, 2, EVER);
	child(&s, 'a', HF_SUP_TRANSIENT, HF_SUP_USUAL);
	child(&s, 'b', HF_SUP_TRANSIENT, HF_SUP_USUAL);
	actor(&s, 'b')->failing = 2;
	step(&s);
	happened(&s, "start a, start b, fail b, start b, fail b, start b");
	CHECK_EQ(s.sup.restarts, 2);
	actor(&s, 'a')->failing = 1;
	end(&s, 'a', 2, 134);
	happened(&s, "trap a, limit a, stop b, finished");

	/* With one_for_all it counts as an end: the children before it are stopped. */
	supervise(&s, HF_SUP_ONE_FOR_ALL, 1, EVER);
	for (char name = 'a'; name <= 'c'; name++)
		child(&s, name, HF_SUP_PERMANENT, HF_SUP_USUAL);
	actor(&s, 'b')->failing = 1;
	step(&s);
	happened(&s, "start a, start b, fail b, stop a, start a, start b, start c");

	/* With rest_for_one it is retried, and the children after it wait. */
	supervise(&s, HF_SUP_REST_FOR_ONE, 1, EVER);
	for (char name = 'a'; name <= 'c'; name++)
		child(&s, name, HF_SUP_PERMANENT, HF_SUP_USUAL);
	actor(&s, 'b')->failing = 2;
	step(&s);
	happened(&s, "start a, start b, fail b, start b, fail b, limit b, stop a, finished");

	/* A temporary child whose start fails is forgotten, and the next one has its turn. */
	supervise(&s, HF_SUP_ONE_FOR_ALL, 0, EVER);
	child(&s, 't', HF_SUP_TEMPORARY, HF_SUP_USUAL);
	child(&s, 'a', HF_SUP_PERMANENT, HF_SUP_USUAL);
	actor(&s, 't')->failing = 1;
	step(&s);
	happened(&s, "start t, fail t, start a");
	CHECK_EQ(s.sup.count, 1);
}

/* ---- Shutdown ---- */

static void check_shutdown(void)
{
	struct supervision s;

	/* When the supervisor is going to terminate, it first terminates its child processes in reversed start order: each is asked to end, given its
	 * time, and then killed. */
	supervise(&s, HF_SUP_ONE_FOR_ONE, 3, EVER);
	child(&s, 'a', HF_SUP_PERMANENT, 100 * MS);
	child(&s, 'b', HF_SUP_PERMANENT, HF_SUP_USUAL);
	child(&s, 'c', HF_SUP_PERMANENT, KILL_AT_ONCE);
	child(&s, 'd', HF_SUP_PERMANENT, HF_SUP_FOREVER);
	step(&s);
	for (char name = 'a'; name <= 'd'; name++)
		actor(&s, name)->stubborn = true;
	happened(&s, "start a, start b, start c, start d");
	close_all(&s);
	pass(&s, UINT64_C(1) << 50);
	happened(&s, "ask d");
	end(&s, 'd', HF_SUP_END_EXIT, 0);
	happened(&s, "kill c, ask b");
	pass(&s, 4999 * MS);
	happened(&s, "");
	pass(&s, 1 * MS);
	happened(&s, "kill b, ask a");
	pass(&s, 100 * MS - 1);
	happened(&s, "");
	pass(&s, 1);
	happened(&s, "kill a, finished");

	/* A child that is a supervisor has unlimited time, unless a time is given. */
	supervise(&s, HF_SUP_ONE_FOR_ONE, 3, EVER);
	child(&s, 'a', HF_SUP_PERMANENT, 100 * MS);
	child(&s, 'b', HF_SUP_PERMANENT, HF_SUP_USUAL);
	actor(&s, 'a')->slow_start = actor(&s, 'b')->slow_start = true;
	for (char name = 'a'; name <= 'b'; name++) {
		step(&s);
		actor(&s, name)->running = actor(&s, name)->stubborn = true;
		CHECK_OK(hf_sup_started(&s.sup, (uint32_t)name, actor(&s, name)->alive, true, s.now));
	}
	close_all(&s);
	pass(&s, UINT64_C(1) << 50);
	happened(&s, "start a, start b, ask b");
	end(&s, 'b', HF_SUP_END_EXIT, 0);
	pass(&s, 100 * MS);
	happened(&s, "ask a, kill a, finished");

	/* The same when siblings are stopped for a restart; a child that is killed late delays the others. */
	supervise(&s, HF_SUP_ONE_FOR_ALL, 3, EVER);
	for (char name = 'a'; name <= 'c'; name++)
		child(&s, name, HF_SUP_PERMANENT, 100 * MS);
	step(&s);
	actor(&s, 'c')->slow_death = true;
	end(&s, 'a', 2, 134);
	pass(&s, 100 * MS);
	pass(&s, 1000 * MS);
	happened(&s, "start a, start b, start c, trap a, ask c, kill c");
	end(&s, 'c', 3, 137);
	happened(&s, "stop b, start a, start b, start c");
}

/* ---- The functions ---- */

static void check_commands(void)
{
	struct supervision s;

	/* terminate_child: the child is stopped and its specification kept; siblings are not touched, nothing is counted.
	 * It can be restarted by restart_child, and with others when the strategy says so. */
	supervise(&s, HF_SUP_ONE_FOR_ALL, 3, EVER);
	for (char name = 'a'; name <= 'c'; name++)
		child(&s, name, HF_SUP_PERMANENT, HF_SUP_USUAL);
	step(&s);
	stop_child(&s, 'b');
	stop_child(&s, 'b');
	happened(&s, "start a, start b, start c, stop b");
	restart_child(&s, 'b');
	stop_child(&s, 'b');
	happened(&s, "start b, stop b");
	CHECK_EQ(s.sup.restarts, 0);
	end(&s, 'c', 2, 134);
	happened(&s, "trap c, stop a, start a, start b, start c");
	/* Ours accepts a running child, too. */
	restart_child(&s, 'b');
	happened(&s, "stop b, start b");
	CHECK_EQ(s.sup.restarts, 1);

	/* If the child is temporary, its specification is deleted as soon as the process terminates. */
	child(&s, 't', HF_SUP_TEMPORARY, HF_SUP_USUAL);
	step(&s);
	stop_child(&s, 't');
	happened(&s, "start t, stop t");
	CHECK_ERR(hf_sup_restart(&s.sup, 't', s.now), -HF_ENOENT);
	CHECK_ERR(hf_sup_stop(&s.sup, 't'), -HF_ENOENT);

	/* start_child adds the child at the end of the order. */
	child(&s, 'd', HF_SUP_PERMANENT, HF_SUP_USUAL);
	struct hf_sup_spec again = {.id = 'd'}, wrong = {.id = 'e', .restart = 3};
	CHECK_ERR(hf_sup_add(&s.sup, &again, s.now), -HF_EEXIST);
	CHECK_ERR(hf_sup_add(&s.sup, &wrong, s.now), -HF_EINVAL);
	step(&s);
	close_all(&s);
	happened(&s, "start d, stop d, stop c, stop b, stop a, finished");
	CHECK_ERR(hf_sup_add(&s.sup, &again, s.now), -HF_ECANCELED);
	CHECK_ERR(hf_sup_stop(&s.sup, 'a'), -HF_ECANCELED);
	CHECK_ERR(hf_sup_restart(&s.sup, 'a', s.now), -HF_ECANCELED);

	/* A supervisor without children is complete, and so is one whose children have all ended for good; it continues when a child is started. */
	supervise(&s, HF_SUP_ONE_FOR_ONE, 3, EVER);
	step(&s);
	happened(&s, "completed");
	child(&s, 'a', HF_SUP_TRANSIENT, HF_SUP_USUAL);
	child(&s, 't', HF_SUP_TEMPORARY, HF_SUP_USUAL);
	step(&s);
	end(&s, 't', 2, 134);
	happened(&s, "start a, start t, trap t");
	end(&s, 'a', HF_SUP_END_EXIT, 0);
	happened(&s, "exit a, completed");
	restart_child(&s, 'a');
	end(&s, 'a', HF_SUP_END_EXIT, 0);
	happened(&s, "start a, exit a, completed");
	close_all(&s);
	close_all(&s);
	happened(&s, "finished");
}

int main(void)
{
	check_table();
	check_intensity();
	check_starts();
	check_shutdown();
	check_commands();
	return done();
}
