/* An engine may end a worker while its thread, the last one, leaves its process: there the kernel closes files and reads the clock, which is a call
 * of JavaScript. The coordinator learns of it and does the rest: the end is reported, with its reason, and the streams end. */
#include "support/coordinator.h"

#include <setjmp.h>
#include <unistd.h>

static jmp_buf worker_ends;
static unsigned exits, ends, overs;

static void never_returns(struct hf_file *file)
{
	(void)file;
	longjmp(worker_ends, 1);
}

static const struct hf_file_ops ops = {.destroy = never_returns};
static struct hf_file file = {.refs = 1, .ops = &ops, .filetype = HF_FILETYPE_UNKNOWN};

/* Its standard input is closed first, and there the worker ends, before it closes the standard output. */
static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)session, (void)tid, (void)argument;
	struct hf_fdtable *fds = &hf_self->process->fds;
	CHECK_EQ(hf_fd_insert(fds, &file, 0, 0), 3);
	CHECK_OK(hf_fd_renumber(fds, 3, 0));
	if (setjmp(worker_ends) == 0) {
		hf_door_return(hf_self);
		hf_process_end(hf_self->process, HF_EXIT_EXIT, 7, NULL, 0, NULL, 0);
		hf_process_thread_gone(hf_self);
	}
	return RUN_BROKEN;
}

static void on_output_end(uint32_t session, uint32_t fd)
{
	(void)session;
	CHECK_EQ(fd, 1);
	ends++;
}

static void on_exited(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t size)
{
	(void)session, (void)message, (void)size;
	CHECK_EQ(reason, HF_EXIT_EXIT);
	CHECK_EQ(code, 7);
	exits++;
}

static void on_over(uint32_t session)
{
	(void)session;
	overs++;
}

/* Nothing joins the thread of the worker that ended. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "report_thread_leaks=0";
}

int main(void)
{
	const struct browser browser = {
		.guest = guest, .output_end = on_output_end, .exited = on_exited, .session_over = on_over};
	struct hf_spawn_header header = {.id = 1, .credit = 100, .piped = 1u << 1};
	struct hf_spawn_error error;
	coordinator_begin(&browser, 1, 4);
	CHECK(hf_c_spawn(&header, &error, NULL, NULL, NULL, NULL));
	while (overs == 0)
		coordinator_turn();
	CHECK_EQ(exits, 1);
	CHECK_EQ(ends, 1);
	_exit(0); /* the worker's memory is not freed: a thread that ended in the kernel may still be in its lists */
}
