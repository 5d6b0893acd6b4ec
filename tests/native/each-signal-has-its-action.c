/* proc_raise handles each signal as typenames.witx says under "Action": it ends the process, or does nothing. */
#include "support/program.h"

#include <string.h>

enum { SIGNALS = 31 };

/* In the order of $signal: t terminates, i is ignored, c continues, s stops (which nothing could end, so the signal is ignored). */
static const char actions[] = "i"     /* none */
							  "ttt"   /* hup, int, quit */
							  "ttttt" /* ill, trap, abrt, bus, fpe */
							  "ttt"   /* kill, usr1, segv */
							  "ti"    /* usr2, pipe */
							  "tt"    /* alrm, term */
							  "ic"    /* chld, cont */
							  "ssss"  /* stop, tstp, ttin, ttou */
							  "i"     /* urg */
							  "tttt"  /* xcpu, xfsz, vtalrm, prof */
							  "i"     /* winch */
							  "ttt";  /* poll, pwr, sys */

static uint32_t raised;
static bool came_back;

static void raise_it(void *context)
{
	(void)context;
	CHECK_ERR(hf_p1_proc_raise(raised), 0);
	came_back = true;
}

static void check_signal(void)
{
	struct program *program = program_begin();
	bool ends = actions[raised] == 't';
	came_back = false;
	CHECK_EQ(program_run(program, raise_it, NULL), ends);
	CHECK_EQ(came_back, !ends);
	CHECK_EQ(program->process->reason, ends ? HF_EXIT_KILLED : HF_EXIT_EXIT);
	CHECK_EQ(program->process->code, ends ? 128 + raised : 0);
	program_end(program);
	CHECK_EQ(hf_work_drain(), 0);
}

int main(void)
{
	CHECK_EQ(strlen(actions), SIGNALS);
	for (raised = 0; raised < SIGNALS; raised++)
		check_signal();
	return done();
}
