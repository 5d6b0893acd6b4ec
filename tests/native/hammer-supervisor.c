/* Supervisors of threads under load: children end at random, and other threads give orders meanwhile. Two supervisors
 * share nothing; no child ever runs twice at once. */
#include <holdfast/supervise.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support/threads.h"

#define CHILDREN 6

static atomic_int running[CHILDREN];
static char names[CHILDREN][8];
static _Atomic uint64_t seeds = 1;

static struct hf_sup_end run(void *context, struct hf_supervised *self)
{
	atomic_int *mine = context;
	uint64_t seed = hf_supervised_generation(self) * UINT64_C(0x9e3779b97f4a7c15) + atomic_fetch_add(&seeds, 1);
	CHECK_EQ(atomic_fetch_add(mine, 1), 0);
	(void)hf_supervised_sleep(self, random_below(&seed, 3) * 100000);
	CHECK_EQ(atomic_fetch_sub(mine, 1), 1);
	return (struct hf_sup_end){random_below(&seed, 2) ? 2 : HF_SUP_END_EXIT, 0};
}

static struct hf_supervision *sup;
static struct budget budget;

static void orders(void *context, unsigned number)
{
	uint64_t seed = *(uint64_t *)context + number;
	while (time_left(&budget)) {
		uint32_t i = random_below(&seed, CHILDREN);
		switch (random_below(&seed, 4)) {
		case 0:
			(void)hf_supervise_stop(sup, names[i]);
			break;
		case 1:
			(void)hf_supervise_restart(sup, names[i]);
			break;
		case 2:
			(void)hf_supervise_wait(sup, 50000);
			break;
		default:
			sleep_us(100);
		}
	}
}

int main(void)
{
	uint64_t seed = random_seed();
	for (uint32_t strategy = HF_SUP_ONE_FOR_ONE; strategy <= HF_SUP_REST_FOR_ONE; strategy++) {
		struct hf_supervise_child children[CHILDREN];
		for (int i = 0; i < CHILDREN; i++) {
			snprintf(names[i], sizeof names[i], "c%d", i);
			children[i] = (struct hf_supervise_child){.id = names[i],
			                                          .restart = i % 2 ? HF_SUP_TRANSIENT : HF_SUP_PERMANENT,
			                                          .shutdown = i % 3 * MILLISECOND,
			                                          .run = run,
			                                          .context = &running[i]};
		}
		struct hf_supervise_options options = {.settings = {.strategy = strategy,
		                                                    .max_restarts = -1,
		                                                    .within = HF_SUP_FOREVER,
		                                                    .backoff = {.min = 10000, .max = 100000, .factor = 2}},
		                                       .children = children,
		                                       .count = CHILDREN};
		CHECK_OK(hf_supervise(&options, &sup));
		budget = (struct budget){.milliseconds = 500};
		in_threads(2, orders, &seed);
		hf_supervise_close(sup);
		for (int i = 0; i < CHILDREN; i++)
			CHECK_EQ(atomic_load(&running[i]), 0);
	}
	return done();
}
