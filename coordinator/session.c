/* session.c - the kernel's half of a process as the page sees it, from spawn to the last byte of output. */
#include "coordinator/session.h"

#include <holdfast/exports.h>
#include <holdfast/imports.h>
#include <string.h>

#include "coordinator/root.h"
#include "coordinator/stream.h"
#include "coordinator/terminal.h"
#include "coordinator/waiting.h"
#include "kernel/process.h"
#include "kernel/socket.h"
#include "platform/alloc.h"
#include "wasi/sys.h"

struct session {
	uint32_t id;
	struct hf_process *process; /* NULL once its exit was reported to the page */
	struct hf_feed feed;
	struct hf_terminal terminal; /* used instead of the feed, if standard input is a terminal */
	struct hf_pump pumps[2];
	struct hf_pump trace;       /* has a pipe once a trace was requested */
	bool interruptible, ending; /* whether its threads stop when ordered to; whether they were ordered to */
};

static uint32_t next_pid = 1, next_tid = 1;

static void finish_if_over(struct session *session);

/* Called when an output stream has ended. */
static void output_over(struct hf_pump *pump, int error)
{
	struct session *session = HF_CONTAINER(pump - (pump->fd - 1), struct session, pumps[0]);
	(void)error;
	js_output_end(session->id, pump->fd);
	finish_if_over(session);
}

static void trace_over(struct hf_pump *pump, int error)
{
	struct session *session = HF_CONTAINER(pump, struct session, trace);
	(void)error;
	js_output_end(session->id, HF_TRACE_FD);
	finish_if_over(session);
}

/* ---- the end ---- */

/* Called when the process is dead or never ran, so that no thread can post its work any more. */
static void forget_process(struct session *session)
{
	if (!session->process)
		return;
	(void)hf_work_cancel(&session->process->ended);
	(void)hf_work_cancel(&session->process->held);
	hf_process_unref(session->process);
	session->process = NULL;
}

static void close_input(struct session *session)
{
	hf_feed_close(&session->feed);
	hf_terminal_close(&session->terminal);
}

static void finish_if_over(struct session *session)
{
	if (session->process || session->pumps[0].pipe || session->pumps[1].pipe || session->trace.pipe)
		return;
	uint32_t id = session->id;
	hf_free(session);
	js_session_over(id);
}

/* Keeps unread output until the page reads or cancels it, in as little memory as possible, because that may take long. */
static void pump_settle(struct session *session, struct hf_pump *pump)
{
	bool hangup;
	if (!pump->pipe)
		return;
	if (hf_pipe_poll_read(pump->pipe, NULL, &hangup) > 0) {
		hf_pipe_shrink(pump->pipe);
	} else if (hangup) {
		hf_pump_close(pump);
		js_output_end(session->id, pump->fd);
	}
}

static void tell_exit(struct session *session)
{
	struct hf_process *process = session->process;
	/* The texts no longer change: the process is dead. */
	js_exited(session->id, process->reason, process->code, process->message, process->message_size, process->stack,
	          process->stack_size);
	if (process->reason != HF_EXIT_NONE)
		hf_pool_session_ended(session->id);
	forget_process(session);
	if (session->feed.pipe || session->terminal.tty) {
		close_input(session);
		js_stdin_ready(session->id); /* the next write then fails with EPIPE */
	}
	for (int i = 0; i < 2; i++)
		pump_settle(session, &session->pumps[i]);
	pump_settle(session, &session->trace);
}

static void thread_claimed(struct hf_thread *thread)
{
	hf_pool_terminate(hf_pool_of(thread));
}

static void process_ended(struct hf_work *work)
{
	struct hf_process *process = HF_CONTAINER(work, struct hf_process, ended);
	struct session *session = process->owner;
	/* Claim threads that compute, which ends them at once. Threads in the kernel leave by themselves. */
	if (!session->interruptible)
		hf_process_claim_threads(process, thread_claimed);
	else
		hf_process_claim_resting(process, thread_claimed);
	if (session->interruptible && !session->ending && !hf_process_is_dead(process))
		js_ending(session->id);
	session->ending = true;
	if (!hf_process_is_dead(process))
		return;
	tell_exit(session);
	finish_if_over(session);
}

static void process_held(struct hf_work *work)
{
	struct session *session = HF_CONTAINER(work, struct hf_process, held)->owner;
	js_held(session->id);
}

struct hf_process *hf_session_process(struct session *session)
{
	return session->process;
}

void hf_pool_on_crash(struct hf_worker *worker)
{
	static const char message[] = "the worker that ran it died";
	if (!worker->thread.process)
		return; /* it had left its process, and its "idle" message was still on its way */
	struct hf_process *process = hf_process_ref(worker->thread.process);
	hf_process_end(process, HF_EXIT_CRASH, HF_CODE_CRASH, message, sizeof message - 1, NULL, 0);
	/* The thread will not return, even from the kernel. */
	(void)hf_thread_claim(&worker->thread);
	hf_process_thread_gone(&worker->thread);
	hf_process_unref(process);
}

/* ---- the beginning ---- */

/* Returns a thread id as wasi-threads requires it: 1 to 2^29 - 1. */
static uint32_t new_tid(void)
{
	uint32_t tid = next_tid;
	next_tid = tid == (UINT32_C(1) << 29) - 1 ? 1 : tid + 1;
	return tid;
}

/* Runs the process's first thread. */
static void run_on(struct hf_worker *worker, struct session *session)
{
	int result = hf_process_add_thread(session->process, &worker->thread, new_tid());
	HF_ASSERT(result == 0); /* it is not dead, and this is its first thread */
	worker->pid = session->process->pid;
	worker->session = session->id;
	hf_thread_starts_later(&worker->thread);
	js_worker_run(worker->id, session->id, 0, 0);
	hf_pool_refill();
}

/* Starts another thread. Returns its id, -HF_EAGAIN at a limit, -HF_ENOMEM, or -HF_ESRCH when the process is ending. */
static int start_thread(struct hf_process *process, uint32_t argument)
{
	struct session *session = process->owner;
	struct hf_worker *worker;
	int result = hf_pool_take(process->pid, &worker);
	if (result < 0)
		return result;
	uint32_t tid = new_tid();
	result = hf_process_add_thread(process, &worker->thread, tid);
	if (result < 0) {
		hf_pool_put_back(worker);
		return result;
	}
	worker->session = session->id;
	hf_thread_starts_later(&worker->thread);
	js_worker_run(worker->id, session->id, tid, argument);
	hf_pool_refill();
	return (int)tid;
}

/* Starting a thread takes the coordinator up to a millisecond (to create a worker and send it messages), and 64 threads can request one at once, repeatedly.
 * Other work must not wait for all of these starts. */
#define STARTS_A_TURN 4

static bool may_start_now(void)
{
	static uint32_t turn, starts;
	if (turn != hf_work_turn()) {
		turn = hf_work_turn();
		starts = 0;
	}
	return starts++ < STARTS_A_TURN;
}

void hf_pool_on_request(struct hf_work *work)
{
	struct hf_spawn_request *request = HF_CONTAINER(work, struct hf_spawn_request, work);
	struct hf_thread *thread = HF_CONTAINER(request, struct hf_thread, spawn);
	if (!hf_request_is_asked(&request->base))
		return; /* withdrawn: its thread was ordered to stop */
	/* Without this, a process that keeps creating threads would put as many as its limit allows into the operating system's run queue, and all other
	 * programs would wait for them. */
	if (hf_waiting_for_threads(hf_pool_of(thread)->pid) || (!hf_pool_may_take() && hf_pool_one_is_leaving())) {
		hf_waiting_for_worker(work);
		return;
	}
	if (!may_start_now()) {
		(void)hf_work_post(work);
		return;
	}
	if (!hf_request_take(&request->base))
		return;
	/* While we hold the request its thread waits, so its process exists. */
	hf_request_answer(&request->base, start_thread(thread->process, request->argument));
}

static uint64_t rights_of_end(const struct hf_file *file, enum hf_access end)
{
	return hf__rights_of(file) & ~(end == HF_READ ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
}

/* Adds descriptor 0, 1 or 2: an end of `pipe` (a pipe between programs); or, if it is NULL, an end of a new pipe to the page (`piped`), or /dev/null. */
static int add_stream(struct session *session, uint32_t fd, struct hf_pipe *pipe, bool piped, bool tty,
                      bool ends_unread)
{
	struct hf_file *file;
	enum hf_access access = fd == 0 ? HF_READ : HF_WRITE;
	int result;
	if (pipe) {
		hf_pipe_hold_end(pipe, access);
		result = hf_file_open_pipe(pipe, access, HF_FILETYPE_UNKNOWN, &file);
	} else if (!piped) {
		result = hf_file_open(hf_device(HF_DEV_NULL), access, 0, &file);
	} else {
		result = hf_pipe_create(session->process->limits.pipe_bytes, &pipe);
		if (result < 0)
			return result;
		if (fd == 0)
			session->feed.pipe = pipe;
		else
			session->pumps[fd - 1].pipe = pipe;
		/* A pipe to the page has an unknown file type, as in Wasmtime for streams that are not terminals. */
		result = hf_file_open_pipe(pipe, access, tty ? HF_FILETYPE_CHARACTER_DEVICE : HF_FILETYPE_UNKNOWN, &file);
	}
	if (result < 0)
		return result;
	file->counted = fd != 0 && session->process->limits.output;
	file->ends_unread = fd != 0 && ends_unread;
	/* /dev/null is a character device, and only the right to seek shows libc's isatty that it is not a terminal. */
	int inserted = hf_fd_insert(&session->process->fds, file, rights_of_end(file, access), 0);
	return inserted < 0 ? inserted : 0;
}

/* Gives the child a descriptor for the file that the parent's descriptor `fd` refers to; with a name, a preopen. */
static int inherit_one(struct hf_process *to, struct hf_process *from, uint32_t fd, const char *name, int size)
{
	struct hf_fd_view view;
	int result = hf_fd_get_from_outside(&from->fds, fd, 0, &view);
	if (result < 0)
		return result;
	struct hf_file *file = hf_file_ref(view.file);
	result = size > 0 ? hf_fd_insert_preopen(&to->fds, file, name, (uint32_t)size, view.rights, view.inheriting)
	                  : hf_fd_insert(&to->fds, file, view.rights, view.inheriting);
	hf_fd_put(&view);
	return result;
}

/* Gives a child its parent's budgets, streams and preopens. `streams`: for descriptors 0 to 2, the parent's descriptor plus 1; 0: /dev/null. */
static int inherit(struct session *session, struct session *parent, struct hf_pipe *const *streams)
{
	static char name[HF_PATH_MAX];
	struct hf_process *from = parent ? parent->process : NULL, *to = session->process;
	if (!from)
		return -HF_ESRCH;
	hf_process_share_budgets(to, from);
	for (uint32_t fd = 0; fd < 3; fd++) {
		uint32_t stream = (uint32_t)(uintptr_t)streams[fd];
		int result =
			stream ? inherit_one(to, from, stream - 1, NULL, 0) : add_stream(session, fd, NULL, false, false, false);
		if (result < 0)
			return result;
	}
	for (uint32_t fd = 3; fd < HF_FILES_MAX; fd++) {
		int size = hf_fd_preopen_name(&from->fds, fd, name, sizeof name);
		/* Sockets have no name: libc finds them by their numbers. */
		int result = size > 0 ? inherit_one(to, from, fd, name, size) : 0;
		if (result < 0 && result != -HF_EBADF) /* EBADF: another thread of the parent has just closed it */
			return result;
	}
	return 0;
}

/* Adds descriptor 0, read through the line discipline. */
static int add_keyboard(struct session *session)
{
	struct hf_file *file;
	int result = hf_tty_create(&session->terminal.tty);
	if (result == 0)
		result = hf_file_open_tty(session->terminal.tty, &file);
	if (result < 0)
		return result;
	int inserted = hf_fd_insert(&session->process->fds, file, hf__rights_of(file) & ~HF_RIGHT_FD_WRITE, 0);
	return inserted < 0 ? inserted : 0;
}

/* Makes standard error share standard output's description, so that the order of writes is kept. */
static int share_output(struct session *session)
{
	struct hf_fd_view output;
	int result = hf_fd_get(&session->process->fds, 1, 0, &output);
	if (result < 0)
		return result;
	result = hf_fd_insert(&session->process->fds, hf_file_ref(output.file), output.rights, output.inheriting);
	hf_fd_put(&output);
	return result < 0 ? result : 0;
}

static void sent_to_screen(struct hf_pump *pump, const uint8_t *bytes, uint32_t size)
{
	struct session *session = HF_CONTAINER(pump, struct session, pumps[0]);
	hf_terminal_sends(&session->terminal, bytes, size, pump->screen);
}

/* `pipes`: for each standard stream that is an end of a pipe between programs, that pipe; else NULL. */
static int add_streams(struct session *session, const struct hf_spawn_header *header, struct hf_pipe *const *pipes)
{
	const uint32_t piped = header->piped, outputs = 1u << 1 | 1u << 2;
	enum hf_tty_kind tty = header->tty;
	/* A terminal has only one output. */
	bool one_output = header->outputs & HF_OUTPUTS_SHARED || (tty && (piped & outputs) == outputs);
	int result = 0;
	for (uint32_t fd = 0; fd < 3 && result == 0; fd++) {
		if (fd == 0 && tty == HF_TTY_KIND_DISCIPLINE)
			result = add_keyboard(session);
		else
			result = fd == 2 && one_output ? share_output(session)
			                               : add_stream(session, fd, pipes[fd], piped & 1u << fd, tty,
			                                            header->outputs & HF_OUTPUTS_END_UNREAD);
	}
	if (tty == HF_TTY_KIND_DISCIPLINE) {
		session->pumps[0].screen = true;
		session->pumps[0].sent = sent_to_screen;
	}
	return result;
}

static void drop(struct session *session)
{
	for (int i = 0; i < 2; i++)
		hf_pump_close(&session->pumps[i]);
	hf_pump_close(&session->trace);
	close_input(session);
	forget_process(session);
	hf_free(session);
}

static void init_streams(struct session *session, uint32_t credit)
{
	for (uint32_t i = 0; i < 2; i++)
		hf_pump_init(&session->pumps[i], session->id, i + 1, credit, output_over);
	hf_pump_init(&session->trace, session->id, HF_TRACE_FD, 0, trace_over);
	hf_feed_init(&session->feed, session->id);
	hf_terminal_init(&session->terminal, session->id);
}

/* Adds a socket that the guest starts with. Sockets get the descriptors right after the standard streams, as in Wasmtime, because
 * programs look for them by number. */
static int add_socket(struct session *session, struct hf_spawn_socket *spec)
{
	struct hf_listener *listener;
	struct hf_socket *socket;
	struct hf_file *file;
	int result;
	if (spec->listens) {
		result = hf_listener_open((uint16_t)spec->port, &listener);
		if (result < 0)
			return result;
		spec->port = listener->port;
		result = hf_file_open_listener(listener, &file);
	} else {
		result = hf_socket_connect((uint16_t)spec->port, &socket, NULL);
		if (result < 0)
			return result;
		result = hf_file_open_socket(socket, &file);
	}
	if (result < 0)
		return result;
	atomic_init(&file->flags, spec->nonblocking ? HF_FDFLAG_NONBLOCK : 0);
	uint64_t inheriting = spec->listens ? HF_RIGHTS_SOCKET : 0;
	result = hf_fd_insert_preopen(&session->process->fds, file, "", 0, hf__rights_of(file), inheriting);
	return result < 0 ? result : 0;
}

static int add_sockets(struct session *session, struct hf_spawn_socket *specs, uint32_t count, int32_t *failed)
{
	for (uint32_t i = 0; i < count; i++) {
		int result = add_socket(session, &specs[i]);
		if (result < 0) {
			*failed = (int32_t)i;
			return result;
		}
	}
	return 0;
}

/* Adds an end of a pipe between programs, which libc finds by its name. */
static int preopen_pipe(struct hf_process *process, const struct hf_spawn_preopen *spec, const char *name)
{
	struct hf_pipe *pipe = (void *)(uintptr_t)spec->pipe;
	struct hf_file *file;
	enum hf_access end = spec->end;
	hf_pipe_hold_end(pipe, end);
	int result = hf_file_open_pipe(pipe, end, HF_FILETYPE_UNKNOWN, &file);
	if (result < 0)
		return result;
	uint64_t rights = rights_of_end(file, end);
	result = hf_fd_insert_preopen(&process->fds, file, name, spec->guest_size, rights, rights);
	return result < 0 ? result : 0;
}

static int add_preopens(struct session *session, uint32_t count, const char *at, int32_t *failed)
{
	for (uint32_t i = 0; i < count; i++) {
		struct hf_spawn_preopen spec;
		memcpy(&spec, at, sizeof spec);
		at += sizeof spec;
		int result = spec.end ? preopen_pipe(session->process, &spec, at)
		                      : hf_preopen(session->process, hf_root_vnode(), at + spec.guest_size, spec.path_size, at,
		                                   spec.guest_size, spec.read_only);
		if (result < 0) {
			*failed = (int32_t)i;
			return result;
		}
		at += spec.guest_size + spec.path_size;
	}
	return 0;
}

static struct hf_limits limits_of(const struct hf_spawn_header *header)
{
	struct hf_limits limits = hf_default_limits;
	if (header->fds)
		limits.fds = header->fds;
	if (header->threads)
		limits.threads = header->threads;
	limits.file_bytes = header->file_bytes;
	limits.output = header->output;
	return limits;
}

/* Creates a session that does not run yet: returns 0 and sets *out, or returns a negated errno. */
static int build(struct hf_spawn_header *header, struct hf_pipe *const *pipes, struct session *parent,
                 struct session **out, struct hf_spawn_error *error)
{
	struct hf_spawn_socket *sockets = (struct hf_spawn_socket *)(header + 1);
	const char *at = (const char *)(sockets + header->socket_count);
	const struct hf_strings args = {header->arg_count, header->arg_size, (char *)(uintptr_t)at};
	const struct hf_strings env = {header->env_count, header->env_size, (char *)(uintptr_t)(at + header->arg_size)};
	struct session *session = hf_alloc_zeroed(sizeof *session);
	const struct hf_limits limits = limits_of(header);
	if (!session)
		return -HF_ENOMEM;
	session->id = header->id;
	session->interruptible = header->interruptible;
	init_streams(session, header->credit);
	int result = hf_process_create(next_pid++, &args, &env, &limits, process_ended, &session->process);
	if (result == 0) {
		session->process->owner = session;
		session->process->held.run = process_held;
	}
	if (result == 0)
		result = header->outputs & HF_OUTPUTS_INHERITED ? inherit(session, parent, pipes)
		                                                : add_streams(session, header, pipes);
	if (result == 0 && parent && parent->process && !(header->outputs & HF_OUTPUTS_INHERITED))
		hf_process_share_waits(session->process, parent->process);
	if (result == 0)
		result = add_sockets(session, sockets, header->socket_count, &error->socket);
	at += header->arg_size + header->env_size;
	if (result == 0)
		result = add_preopens(session, header->preopen_count, at, &error->preopen);
	if (result < 0)
		drop(session);
	else
		*out = session;
	return result;
}

/* ---- from JavaScript: sessions are passed as the pointers that spawn returned ---- */

/* Starts or stops reporting its system calls as records (wasi/trace.h) on the stream HF_TRACE_FD, and adds to that stream's credit. Returns 0 or
 * -HF_ENOMEM. */
int32_t hf_c_trace(struct session *session, uint32_t traced, uint32_t credit)
{
	struct hf_pipe *pipe = NULL;
	if (!session->process)
		return 0;
	if (traced && !session->trace.pipe) {
		int result = hf_pipe_create(session->process->limits.pipe_bytes, &pipe);
		if (result < 0)
			return result;
		session->trace.pipe = pipe;
	}
	hf_process_trace(session->process, traced, pipe);
	hf_pump_credit(&session->trace, credit);
	return 0;
}

/* Starts a process. `input`, `output`, `errors`: the pipes between programs (c_pipe) of which its streams are ends; NULL: the header decides.
 * `parent`: with HF_OUTPUTS_INHERITED, the parent's session: the streams are then the parent's descriptors plus 1, or 0 for /dev/null. Otherwise NULL,
 * or a session whose process has the same memory. Returns the session, or NULL and sets *error: -HF_ESRCH if the parent has ended; -HF_EAGAIN, if
 * *error names no preopen or socket, when all workers are busy and no more may be created. */
struct session *hf_c_spawn(struct hf_spawn_header *header, struct hf_spawn_error *error, struct hf_pipe *input,
                           struct hf_pipe *output, struct hf_pipe *errors, struct session *parent)
{
	struct hf_pipe *const pipes[] = {input, output, errors};
	struct session *session;
	struct hf_worker *worker;
	*error = (struct hf_spawn_error){.preopen = -1, .socket = -1};
	/* Take a worker first: otherwise the peers of the process's sockets would see a process that then cannot run. */
	error->error = hf_pool_take(0, &worker);
	if (error->error < 0)
		return NULL;
	error->error = build(header, pipes, parent, &session, error);
	if (error->error < 0) {
		hf_pool_put_back(worker);
		return NULL;
	}
	/* Attach the streams before it runs, so that no event of the process is missed. */
	for (int i = 0; i < 2; i++)
		hf_pump_credit(&session->pumps[i], 0);
	if (header->piped & 1u << HF_TRACE_FD && hf_c_trace(session, 1, header->credit) < 0)
		js_output_end(session->id, HF_TRACE_FD);
	run_on(worker, session);
	if (header->tty && session->pumps[0].pipe && !session->pumps[1].pipe && header->piped & 1u << 2)
		js_output_end(session->id, 2); /* a terminal's second output */
	return session;
}

uint32_t hf_c_pid(struct session *session)
{
	return session->process->pid;
}

/* Returns how many bytes it wrote to the pipe; if fewer than `size`, js_stdin_ready will report room. Returns -HF_EPIPE when there is no reader. */
int32_t hf_c_feed(struct session *session, void *bytes, uint32_t size)
{
	if (session->terminal.tty)
		return hf_terminal_put(&session->terminal, &session->pumps[0], bytes, size);
	return hf_feed_put(&session->feed, bytes, size);
}

/* Returns the index of the first key that the terminal would turn into a signal if it got the keys now; -1: none. */
int32_t hf_c_signal_at(struct session *session, const uint8_t *keys, uint32_t size)
{
	return session->terminal.tty ? (int32_t)hf_tty_find_signal(session->terminal.tty, keys, size) - 1 : -1;
}

void hf_c_feed_end(struct session *session)
{
	close_input(session);
}

/* Sets the mode: with `raw`, keys are passed on unchanged, otherwise as edited lines; with `onlcr`, "\n" is sent to the screen as "\r\n". */
void hf_c_raw(struct session *session, uint32_t raw, uint32_t onlcr)
{
	if (!session->terminal.tty)
		return;
	hf_terminal_set_raw(&session->terminal, raw);
	session->pumps[0].screen = onlcr;
}

/* Sets whether cooked keys are echoed; without echo, only the ends of lines are. */
void hf_c_echo(struct session *session, uint32_t echo)
{
	if (session->terminal.tty)
		hf_tty_set_echo(session->terminal.tty, echo);
}

static struct hf_pump *pump_of(struct session *session, uint32_t fd)
{
	return fd == HF_TRACE_FD ? &session->trace : &session->pumps[fd - 1];
}

void hf_c_credit(struct session *session, uint32_t fd, uint32_t bytes)
{
	hf_pump_credit(pump_of(session, fd), bytes);
}

void hf_c_cancel(struct session *session, uint32_t fd)
{
	hf_pump_cancel(pump_of(session, fd));
}

void hf_c_end(struct session *session, uint32_t reason, uint32_t code, const char *message, uint32_t size)
{
	if (session->process)
		hf_process_end(session->process, (enum hf_exit_reason)reason, code, message, size, NULL, 0);
}

/* Terminates the workers of threads that still compute although they were ordered to stop. */
void hf_c_claim(struct session *session)
{
	if (session->process)
		hf_process_claim_threads(session->process, thread_claimed);
}

void hf_c_session_stats(struct session *session, struct hf_session_stats *out)
{
	struct hf_process *process = session->process;
	*out = (struct hf_session_stats){.asleep = 1};
	if (!process)
		return; /* the process is gone; only its output is left */
	hf_lock(&process->lock);
	HF_LIST_EACH(link, &process->threads)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_process);
		out->syscalls += (double)hf_counter_read(&thread->syscalls);
		out->parks += (double)hf_counter_read(&thread->parks);
		out->wakeups += (double)hf_counter_read(&thread->wakeups);
		if (!atomic_load(&thread->parked))
			out->asleep = 0;
	}
	hf_unlock(&process->lock);
}
