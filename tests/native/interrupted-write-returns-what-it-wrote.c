/* A long write that is interrupted by a stop or a close returns how much was written; the next one returns the reason. */
#include "support/pipes.h"

static struct hf_pipe *pipe;
static struct hf_thread *writer;
static hf_word there;
static bool by_stop;
static char bytes[10000];

static void write_or_cut(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		writer = thread_begin();
		atomic_store(&there, 1);
		CHECK_EQ(p_write(pipe, bytes, sizeof bytes, false), 4096);
		CHECK_ERR(p_write(pipe, bytes, sizeof bytes, false), by_stop ? -HF_EINTR : -HF_EPIPE);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	until_parked(writer);
	if (by_stop)
		hf_thread_stop(writer);
	else
		hf_pipe_drop_reader(pipe);
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		by_stop = i == 0;
		atomic_store(&there, 0);
		pipe = pipe_begin(4096);
		in_threads(2, write_or_cut, NULL);
		thread_end(writer);
		if (by_stop)
			hf_pipe_drop_reader(pipe);
		hf_pipe_drop_writer(pipe);
	}
	return done();
}
