/* Events that arrive while the supervisor is busy: a second end, an end during a start, commands that cross. */
#include "support/supervision.h"

#define EVER HF_SUP_FOREVER

static void three(struct supervision *s, uint32_t strategy)
{
	supervise(s, strategy, -1, EVER);
	for (char name = 'a'; name <= 'c'; name++)
		child(s, name, HF_SUP_PERMANENT, 100 * MS);
	step(s);
	happened(s, "start a, start b, start c");
}

/* A second child ends while the others are being stopped: it counts as stopped, and there is one restart, not two. */
static void check_second_end_while_stopping(void)
{
	struct supervision s;
	three(&s, HF_SUP_ONE_FOR_ALL);
	actor(&s, 'c')->slow_death = true;
	end(&s, 'a', 2, 134);
	happened(&s, "trap a, ask c");
	end(&s, 'b', 2, 134);
	happened(&s, "");
	end(&s, 'c', HF_SUP_END_EXIT, 0);
	happened(&s, "start a, start b, start c");
	CHECK_EQ(s.sup.restarts, 1);

	/* With rest_for_one, a second end of an earlier child restarts more children, and counts. */
	three(&s, HF_SUP_REST_FOR_ONE);
	actor(&s, 'c')->slow_death = true;
	end(&s, 'b', 2, 134);
	end(&s, 'a', 2, 134);
	happened(&s, "trap b, ask c, trap a");
	end(&s, 'c', HF_SUP_END_EXIT, 0);
	happened(&s, "start a, start b, start c");
	CHECK_EQ(s.sup.restarts, 2);
}

/* A child that was just restarted ends while the children after it are being started. */
static void check_end_while_starting(void)
{
	struct supervision s;
	three(&s, HF_SUP_ONE_FOR_ALL);
	actor(&s, 'b')->slow_start = true;
	end(&s, 'c', 2, 134);
	happened(&s, "trap c, stop b, stop a, start a, start b");
	end(&s, 'a', 2, 134);
	happened(&s, "trap a, cancel b");
	/* The start succeeded anyway: then the new child is stopped. */
	actor(&s, 'b')->slow_start = false;
	up(&s, 'b');
	happened(&s, "stop b, start a, start b, start c");

	/* The start is cancelled: it fails, which does not count as a failure. */
	actor(&s, 'b')->slow_start = true;
	end(&s, 'c', 2, 134);
	end(&s, 'a', 2, 134);
	happened(&s, "trap c, stop b, stop a, start a, start b, trap a, cancel b");
	end(&s, 'b', HF_SUP_END_START_FAILED, 0);
	happened(&s, "start a, start b");
	CHECK_EQ(s.sup.restarts, 4);
	/* It does not answer: it is killed, and so is the child if it starts after all. */
	actor(&s, 'b')->slow_death = true;
	close_all(&s);
	pass(&s, 100 * MS);
	happened(&s, "cancel b, kill b");
	up(&s, 'b');
	happened(&s, "kill b");
	end(&s, 'b', 3, 137);
	happened(&s, "stop a, finished");
}

/* Ends and starts of earlier generations change nothing. */
static void check_stale(void)
{
	struct supervision s;
	struct hf_sup_end how = {2, 134};
	three(&s, HF_SUP_ONE_FOR_ONE);
	uint32_t first = actor(&s, 'b')->alive;
	end(&s, 'b', 2, 134);
	happened(&s, "trap b, start b");
	CHECK_ERR(hf_sup_ended(&s.sup, 'b', first, how, s.now), -HF_ESRCH);
	CHECK_ERR(hf_sup_started(&s.sup, 'b', first, false, s.now), -HF_ESRCH);
	CHECK_ERR(hf_sup_started(&s.sup, 'b', actor(&s, 'b')->alive, false, s.now), -HF_ESRCH); /* it has started */
	CHECK_ERR(hf_sup_ended(&s.sup, 'x', 1, how, s.now), -HF_ESRCH);
	CHECK_ERR(hf_sup_ended(&s.sup, UINT32_MAX, 0, how, s.now), -HF_ESRCH);
	stop_child(&s, 'b');
	CHECK_ERR(hf_sup_ended(&s.sup, 'b', hf_sup_find(&s.sup, 'b')->generation, how, s.now), -HF_ESRCH);
	happened(&s, "stop b");
	/* A temporary child's id is reused: the old generation is not mistaken for the new one. */
	child(&s, 't', HF_SUP_TEMPORARY, 0);
	step(&s);
	uint32_t old = actor(&s, 't')->alive;
	end(&s, 't', 2, 134);
	child(&s, 't', HF_SUP_TEMPORARY, 0);
	step(&s);
	CHECK_ERR(hf_sup_ended(&s.sup, 't', old, how, s.now), -HF_ESRCH);
	happened(&s, "start t, trap t, start t");
}

static void with_backoff(struct supervision *s, uint32_t strategy)
{
	struct hf_sup_settings settings = {.strategy = strategy,
	                                   .max_restarts = -1,
	                                   .within = EVER,
	                                   .backoff = {.min = 10 * MS, .max = 70 * MS, .factor = 2, .jitter = 0.5}};
	supervise_with(s, &settings);
	child(s, 'a', HF_SUP_PERMANENT, 100 * MS);
	child(s, 'b', HF_SUP_PERMANENT, 100 * MS);
	step(s);
	happened(s, "start a, start b");
}

static uint32_t half(void *context)
{
	(void)context;
	return UINT32_C(1) << 31;
}

static void check_backoff(void)
{
	struct supervision s;
	/* The delay doubles each time, up to the maximum, and starts again at the minimum once the child has run for that long. */
	with_backoff(&s, HF_SUP_ONE_FOR_ONE);
	for (int i = 0; i < 5; i++) {
		end(&s, 'a', 2, 134);
		pass(&s, 70 * MS - 1);
		pass(&s, 1);
		if (i == 3)
			pass(&s, 69 * MS);
	}
	happened(&s,
	         "trap a, wait 10, start a, trap a, wait 20, start a, trap a, wait 40, start a, trap a, wait 70, start a, "
	         "trap a, wait 70, start a");
	pass(&s, 70 * MS);
	end(&s, 'a', 2, 134);
	pass(&s, 10 * MS - 1);
	happened(&s, "trap a, wait 10");
	pass(&s, 1);
	happened(&s, "start a");

	/* With a jitter of 0.5, a random part of up to half the delay is subtracted. */
	s.sup.settings.random = half;
	pass(&s, 1000 * MS);
	end(&s, 'a', 2, 134);
	CHECK_EQ(hf_sup_deadline(&s.sup), s.now + 7500000);
	happened(&s, "trap a, wait 7");

	/* The child is stopped, or restarted, during the delay. */
	stop_child(&s, 'a');
	pass(&s, 1000 * MS);
	happened(&s, "");
	restart_child(&s, 'a');
	end(&s, 'a', 2, 134);
	restart_child(&s, 'a');
	happened(&s, "start a, trap a, wait 15, start a");
	end(&s, 'a', 2, 134);
	close_all(&s);
	pass(&s, 1000 * MS);
	happened(&s, "trap a, wait 30, stop b, finished");

	/* The others are stopped before the delay, and all start after it. */
	with_backoff(&s, HF_SUP_ONE_FOR_ALL);
	end(&s, 'b', 2, 134);
	happened(&s, "trap b, wait 10, stop a");
	pass(&s, 10 * MS);
	happened(&s, "start a, start b");
}

/* Conflicting orders. */
static void check_orders(void)
{
	struct supervision s;
	/* Close in the middle of a restart. */
	three(&s, HF_SUP_ONE_FOR_ALL);
	actor(&s, 'b')->slow_death = true;
	end(&s, 'a', 2, 134);
	close_all(&s);
	happened(&s, "trap a, stop c, ask b");
	end(&s, 'b', 2, 134);
	happened(&s, "finished");

	/* Stopped, then restarted before it has ended; restarted, then stopped before it has started. */
	three(&s, HF_SUP_ONE_FOR_ONE);
	actor(&s, 'b')->slow_death = true;
	stop_child(&s, 'b');
	restart_child(&s, 'b');
	end(&s, 'b', HF_SUP_END_EXIT, 0);
	happened(&s, "ask b, start b");
	restart_child(&s, 'b');
	stop_child(&s, 'b');
	end(&s, 'b', HF_SUP_END_EXIT, 0);
	happened(&s, "ask b");

	/* One-for-one: children are independent of each other, in every state. */
	actor(&s, 'c')->slow_death = true;
	stop_child(&s, 'c');
	stop_child(&s, 'a');
	restart_child(&s, 'b');
	happened(&s, "ask c, stop a, start b");

	/* Kill: no child gets any more time, including those that were asked. */
	three(&s, HF_SUP_ONE_FOR_ALL);
	for (char name = 'a'; name <= 'c'; name++)
		actor(&s, name)->stubborn = true;
	close_all(&s);
	pass(&s, 10 * MS);
	happened(&s, "ask c");
	hf_sup_kill(&s.sup, s.now);
	step(&s);
	happened(&s, "kill c, kill b, kill a, finished");

	/* It needs no earlier close. */
	three(&s, HF_SUP_ONE_FOR_ONE);
	actor(&s, 'b')->stubborn = true;
	hf_sup_kill(&s.sup, s.now);
	step(&s);
	happened(&s, "stop c, kill b, stop a, finished");

	/* A temporary child is stopped while it waits for its first start: it is removed, and reported as stopped. */
	three(&s, HF_SUP_REST_FOR_ONE);
	child(&s, 't', HF_SUP_TEMPORARY, 0);
	struct hf_sup_action action;
	CHECK_OK(hf_sup_stop(&s.sup, 't'));
	CHECK_OK(hf_sup_stop(&s.sup, 't')); /* a second time, before the action is taken */
	CHECK(hf_sup_next(&s.sup, s.now, &action));
	CHECK(action.kind == HF_SUP_TELL_STOPPED && action.id == 't' && action.forgotten);
	CHECK(!hf_sup_find(&s.sup, 't'));
	CHECK(!hf_sup_next(&s.sup, s.now, &action));

	/* The limit is reached while a child is being stopped by a command. */
	supervise(&s, HF_SUP_ONE_FOR_ONE, 0, EVER);
	for (char name = 'a'; name <= 'c'; name++)
		child(&s, name, HF_SUP_PERMANENT, 100 * MS);
	step(&s);
	actor(&s, 'c')->slow_death = true;
	restart_child(&s, 'c');
	end(&s, 'a', 2, 134);
	happened(&s, "start a, start b, start c, ask c, trap a, limit a");
	CHECK_ERR(hf_sup_restart(&s.sup, 'c', s.now), -HF_ECANCELED);
	hf_sup_close(&s.sup); /* changes nothing: it is already ending */
	end(&s, 'c', HF_SUP_END_EXIT, 0);
	happened(&s, "stop b, finished");
	CHECK_EQ(s.sup.phase, HF_SUP_AT_LIMIT);
}

static void check_settings(void)
{
	struct supervision s;
	struct hf_sup_settings good = {.max_restarts = 3, .within = 1, .backoff = {.factor = 1}},
						   bad[] = {good, good, good, good, good, good, good};
	bad[0].strategy = 3;
	bad[1].within = 0;
	bad[2].max_restarts = HF_SUP_COUNTED_MAX + 1;
	bad[3].backoff.factor = 0.5;
	bad[4].backoff.jitter = 1.5;
	bad[5].backoff.min = 2;
	bad[6].backoff.factor = bad[6].backoff.jitter = 0.0 / 0.0;
	for (int i = 0; i < 7; i++)
		CHECK_ERR(hf_sup_init(&s.sup, &bad[i], s.table, 26, s.times), -HF_EINVAL);
	/* The table is full; then it is replaced by a larger one. */
	struct hf_sup_child small[1];
	CHECK_OK(hf_sup_init(&s.sup, &good, small, 1, s.times));
	child(&s, 'a', HF_SUP_PERMANENT, 0);
	struct hf_sup_spec b = {.id = 'b'};
	CHECK_ERR(hf_sup_add(&s.sup, &b, 1), -HF_ENOSPC);
	hf_sup_move(&s.sup, s.table, 26);
	CHECK_OK(hf_sup_add(&s.sup, &b, 1));
	CHECK(hf_sup_find(&s.sup, 'a') == &s.table[0] && hf_sup_find(&s.sup, 'b') == &s.table[1]);
}

int main(void)
{
	check_second_end_while_stopping();
	check_end_while_starting();
	check_stale();
	check_backoff();
	check_orders();
	check_settings();
	return done();
}
