/* session.c - from spawn to the last byte.
 *
 * Output: guest -> kernel pipe -> page. The page grants credit; while there is some, a pump takes what is in the pipe
 * and posts it. The pump's waiter sits on the pipe only while the pipe is empty, and a burst of small writes rings the
 * doorbell once, so bytes travel in batches. Without credit the pipe fills and the guest waits.
 *
 * Input: page -> kernel pipe. What does not fit stays in JavaScript, which is told when there is room; its answer to
 * the page is the page's back-pressure. */
#include "coordinator/session.h"

#include <string.h>

#include "coordinator/browser.h"
#include "coordinator/root.h"
#include "fs/path.h"
#include "kernel/process.h"
#include "platform/alloc.h"
#include "wasi/sys.h"

#define BATCH 65536

struct session;

/* One output stream on its way to the page. */
struct pump {
	struct hf_waiter waiter; /* on the pipe, while it is empty */
	struct hf_work work;
	struct session *session;
	struct hf_pipe *pipe; /* our hold on the reading end; NULL once the stream has ended */
	uint64_t credit;      /* bytes that the page still takes */
	uint32_t fd;
};

struct feed {
	struct hf_waiter waiter; /* on the pipe, while it is full */
	struct hf_work work;
	struct session *session;
	struct hf_pipe *pipe; /* our hold on the writing end; NULL once closed */
};

struct session {
	uint32_t id;
	struct hf_process *process;
	struct feed feed;
	struct pump pumps[2];
	bool told; /* the page knows of the exit */
};

static uint32_t next_pid = 1, next_tid = 1;
static uint8_t batch[BATCH];

static void finish_if_over(struct session *session);

/* ---- output ---- */

static void pump_woken(struct hf_waiter *waiter)
{
	(void)hf_work_post(&HF_CONTAINER(waiter, struct pump, waiter)->work);
}

static void pump_close(struct pump *pump)
{
	if (!pump->pipe)
		return;
	hf_pipe_unpoll(pump->pipe, &pump->waiter);
	(void)hf_work_cancel(&pump->work);
	hf_pipe_drop_reader(pump->pipe);
	pump->pipe = NULL;
}

static void pump_run(struct hf_work *work)
{
	struct pump *pump = HF_CONTAINER(work, struct pump, work);
	struct session *session = pump->session;
	if (!pump->pipe)
		return;
	hf_pipe_unpoll(pump->pipe, &pump->waiter);
	while (pump->credit > 0) {
		struct hf_iov iov;
		struct hf_uio uio;
		uint32_t most = pump->credit < BATCH ? (uint32_t)pump->credit : BATCH;
		hf_uio_kernel(&uio, &iov, batch, most);
		if (hf_pipe_try_read(pump->pipe, &uio, &pump->waiter) == -HF_EAGAIN)
			return;
		uint32_t size = most - (uint32_t)uio.resid;
		if (size == 0) {
			pump_close(pump);
			js_output_end(session->id, pump->fd);
			finish_if_over(session);
			return;
		}
		pump->credit -= size;
		js_output(session->id, pump->fd, batch, size);
	}
}

/* ---- input ---- */

static void feed_woken(struct hf_waiter *waiter)
{
	(void)hf_work_post(&HF_CONTAINER(waiter, struct feed, waiter)->work);
}

static void feed_run(struct hf_work *work)
{
	struct feed *feed = HF_CONTAINER(work, struct feed, work);
	if (feed->pipe)
		hf_pipe_unpoll(feed->pipe, &feed->waiter);
	js_stdin_ready(feed->session->id);
}

static void feed_close(struct feed *feed)
{
	if (!feed->pipe)
		return;
	hf_pipe_unpoll(feed->pipe, &feed->waiter);
	(void)hf_work_cancel(&feed->work);
	hf_pipe_drop_writer(feed->pipe);
	feed->pipe = NULL;
}

/* ---- the end ---- */

static void finish_if_over(struct session *session)
{
	if (!session->told || session->pumps[0].pipe || session->pumps[1].pipe)
		return;
	uint32_t id = session->id;
	feed_close(&session->feed);
	(void)hf_work_cancel(&session->process->ended);
	hf_process_unref(session->process);
	hf_free(session);
	js_session_over(id);
}

static void tell_exit(struct session *session)
{
	struct hf_process *process = session->process;
	session->told = true;
	/* Nobody writes these any more: the process is dead. */
	js_exited(session->id, process->reason, process->code, process->message, process->message_size, process->stack,
	          process->stack_size);
}

static void thread_claimed(struct hf_thread *thread)
{
	hf_pool_terminate(hf_pool_of(thread));
}

static void process_ended(struct hf_work *work)
{
	struct hf_process *process = HF_CONTAINER(work, struct hf_process, ended);
	struct session *session = process->owner;
	/* First what computes; each that is claimed is gone at once, and what is in the kernel leaves by itself. */
	hf_process_claim_threads(process, thread_claimed);
	if (!hf_process_is_dead(process) || session->told)
		return;
	tell_exit(session);
	finish_if_over(session);
}

void hf_session_worker_crashed(struct hf_worker *worker)
{
	static const char message[] = "the worker that ran it died";
	if (!worker->thread.process)
		return; /* it had left its process, and its word that it idles was still under way */
	struct hf_process *process = hf_process_ref(worker->thread.process);
	hf_process_end(process, HF_EXIT_CRASH, 134, message, sizeof message - 1, NULL, 0);
	/* It will not come back, wherever it was. In the kernel it may have held a lock: then the runtime as a whole is
	 * lost; but engines do not end a worker there by themselves. */
	(void)hf_thread_claim(&worker->thread);
	hf_process_thread_gone(&worker->thread);
	hf_process_unref(process);
}

/* ---- the beginning ---- */

/* A thread id of wasi-threads: 1 to 2^29 - 1. */
static uint32_t new_tid(void)
{
	uint32_t tid = next_tid;
	next_tid = tid == (UINT32_C(1) << 29) - 1 ? 1 : tid + 1;
	return tid;
}

/* Runs the process's first thread. */
static int run_on_a_worker(struct session *session)
{
	struct hf_worker *worker;
	int result = hf_pool_take(&worker);
	if (result < 0)
		return result;
	result = hf_process_add_thread(session->process, &worker->thread, new_tid());
	HF_ASSERT(result == 0); /* it is not dead, and this is its first thread */
	js_worker_run(worker->id, session->id, 0, 0);
	hf_pool_refill();
	return 0;
}

/* One more thread: its id, -HF_EAGAIN at a limit, -HF_ENOMEM, -HF_ESRCH when the process is ending. */
static int start_thread(struct hf_process *process, uint32_t argument)
{
	struct session *session = process->owner;
	struct hf_worker *worker;
	int result = hf_pool_take(&worker);
	if (result < 0)
		return result;
	uint32_t tid = new_tid();
	result = hf_process_add_thread(process, &worker->thread, tid);
	if (result < 0) {
		hf_pool_put_back(worker);
		return result;
	}
	js_worker_run(worker->id, session->id, tid, argument);
	hf_pool_refill();
	return (int)tid;
}

void hf_session_spawn_thread(struct hf_work *work)
{
	struct hf_spawn_request *request = HF_CONTAINER(work, struct hf_spawn_request, work);
	struct hf_thread *thread = HF_CONTAINER(request, struct hf_thread, spawn);
	if (!hf_spawn_request_take(request))
		return; /* withdrawn: its thread was told to stop */
	/* While the request is ours its thread waits, so its process is there. */
	hf_spawn_request_answer(thread, start_thread(thread->process, request->argument));
}

/* Descriptor 0, 1 or 2: one end of a pipe whose other end is ours, or /dev/null. */
static int add_stream(struct session *session, uint32_t fd, bool piped, bool tty)
{
	struct hf_file *file;
	struct hf_pipe *pipe;
	enum hf_access access = fd == 0 ? HF_READ : HF_WRITE;
	int result;
	if (!piped) {
		result = hf_file_open(hf_device(HF_DEV_NULL), access, 0, &file);
	} else {
		result = hf_pipe_create(session->process->limits.pipe_bytes, &pipe);
		if (result < 0)
			return result;
		if (fd == 0)
			session->feed.pipe = pipe;
		else
			session->pumps[fd - 1].pipe = pipe;
		/* A pipe of the page's is a stream of unknown kind, as Wasmtime has it for what is no terminal. */
		result = hf_file_open_pipe(pipe, access, tty ? HF_FILETYPE_CHARACTER_DEVICE : HF_FILETYPE_UNKNOWN, &file);
	}
	if (result < 0)
		return result;
	/* /dev/null is a character device, and only the right to seek tells libc's isatty that it is no terminal. */
	uint64_t rights = hf__rights_of(file) & ~(fd == 0 ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
	int inserted = hf_fd_insert(&session->process->fds, file, rights, 0);
	return inserted < 0 ? inserted : 0;
}

/* A terminal has one output: standard error is standard output's description, so that the two keep their order. */
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

static int add_streams(struct session *session, uint32_t piped, bool tty)
{
	const uint32_t outputs = 1u << 1 | 1u << 2;
	bool one_output = tty && (piped & outputs) == outputs;
	int result = 0;
	for (uint32_t fd = 0; fd < 3 && result == 0; fd++)
		result = fd == 2 && one_output ? share_output(session) : add_stream(session, fd, piped & 1u << fd, tty);
	return result;
}

static int add_preopen(struct session *session, const char *guest, uint32_t guest_size, const char *path,
                       uint32_t path_size, bool read_only)
{
	struct hf_path at;
	struct hf_file *file;
	int result = hf_path_walk(hf_root_vnode(), path, path_size, HF_PATH_FOLLOW | HF_PATH_ROOTED, &at);
	if (result < 0)
		return result;
	if (at.vnode->filetype == HF_FILETYPE_DIRECTORY)
		result = hf_file_open(hf_vnode_ref(at.vnode), HF_READ, 0, &file);
	else
		result = -HF_ENOTDIR;
	hf_path_release(&at);
	if (result < 0)
		return result;
	file->read_only_tree = read_only;
	result = hf_fd_insert_preopen(&session->process->fds, file, guest, guest_size, hf__rights_of(file), HF_RIGHTS_ALL);
	return result < 0 ? result : 0;
}

static void drop(struct session *session)
{
	for (int i = 0; i < 2; i++)
		pump_close(&session->pumps[i]);
	feed_close(&session->feed);
	if (session->process) {
		(void)hf_work_cancel(&session->process->ended);
		hf_process_unref(session->process);
	}
	hf_free(session);
}

static void init_streams(struct session *session, uint32_t credit)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct pump *pump = &session->pumps[i];
		hf_waiter_init(&pump->waiter, pump_woken);
		hf_work_init(&pump->work, pump_run);
		pump->session = session;
		pump->fd = i + 1;
		pump->credit = credit;
	}
	hf_waiter_init(&session->feed.waiter, feed_woken);
	hf_work_init(&session->feed.work, feed_run);
	session->feed.session = session;
}

/* What hf_c_spawn's buffer begins with; strings follow in this order, without padding: args, env (each string with its
 * NUL), then for each preopen two sizes and a flag (u32) and the two texts. coordinator/main.ts writes it. */
struct spawn_header {
	uint32_t id, credit, arg_count, arg_size, env_count, env_size, preopen_count;
	uint32_t piped; /* bit fd: it is a pipe of the page's, not /dev/null */
	uint32_t tty;
};

static uint32_t take_u32(const char **at)
{
	uint32_t value;
	memcpy(&value, *at, 4);
	*at += 4;
	return value;
}

static int add_preopens(struct session *session, uint32_t count, const char *at, int32_t *failed)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t guest_size = take_u32(&at), path_size = take_u32(&at), read_only = take_u32(&at);
		int result = add_preopen(session, at, guest_size, at + guest_size, path_size, read_only);
		if (result < 0) {
			*failed = (int32_t)i;
			return result;
		}
		at += guest_size + path_size;
	}
	return 0;
}

/* A session in the making: 0 and *out, or a negated errno; *failed is then the index of the preopen that is to blame,
 * or -1. */
static int build(const struct spawn_header *header, struct session **out, int32_t *failed)
{
	const char *at = (const char *)(header + 1);
	const struct hf_strings args = {header->arg_count, header->arg_size, (char *)(uintptr_t)at};
	const struct hf_strings env = {header->env_count, header->env_size, (char *)(uintptr_t)(at + header->arg_size)};
	struct session *session = hf_alloc_zeroed(sizeof *session);
	*failed = -1;
	if (!session)
		return -HF_ENOMEM;
	session->id = header->id;
	init_streams(session, header->credit);
	int result = hf_process_create(next_pid++, &args, &env, &hf_default_limits, process_ended, &session->process);
	if (result == 0)
		session->process->owner = session;
	if (result == 0)
		result = add_streams(session, header->piped, header->tty);
	if (result == 0)
		result = add_preopens(session, header->preopen_count, at + header->arg_size + header->env_size, failed);
	if (result < 0)
		drop(session);
	else
		*out = session;
	return result;
}

/* ---- from JavaScript: sessions are passed as the pointers that spawn returned ---- */

/* The session, whose process runs; or 0, with a negated errno in error[0] (-EAGAIN: all workers are busy and there may be
 * no more) and the preopen's index in error[1]. */
HF_EXPORT_C("c_spawn") struct session *hf_c_spawn(const struct spawn_header *header, int32_t *error)
{
	struct session *session;
	error[0] = build(header, &session, &error[1]);
	if (error[0] < 0)
		return NULL;
	/* Ready to hear of it before it runs. */
	for (int i = 0; i < 2; i++) {
		if (session->pumps[i].pipe)
			pump_run(&session->pumps[i].work);
	}
	error[0] = run_on_a_worker(session);
	if (error[0] < 0) {
		drop(session);
		return NULL;
	}
	if (header->tty && session->pumps[0].pipe && !session->pumps[1].pipe && header->piped & 1u << 2)
		js_output_end(session->id, 2); /* a terminal's second output */
	return session;
}

HF_EXPORT_C("c_pid") uint32_t hf_c_pid(struct session *session)
{
	return session->process->pid;
}

/* How many bytes were taken; fewer than all: js_stdin_ready follows. Negated errno: EPIPE. */
HF_EXPORT_C("c_feed") int32_t hf_c_feed(struct session *session, void *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	if (!session->feed.pipe)
		return -HF_EPIPE;
	hf_uio_kernel(&uio, &iov, bytes, size);
	/* A page's write need not be atomic: what fits goes in, the rest waits. */
	while (uio.resid > 0) {
		int result = hf_pipe_try_put(session->feed.pipe, &uio, &session->feed.waiter);
		if (result == -HF_EAGAIN)
			break;
		if (result < 0)
			return uio.resid < size ? (int32_t)(size - uio.resid) : result;
	}
	return (int32_t)(size - uio.resid);
}

HF_EXPORT_C("c_feed_end") void hf_c_feed_end(struct session *session)
{
	feed_close(&session->feed);
}

HF_EXPORT_C("c_credit") void hf_c_credit(struct session *session, uint32_t fd, uint32_t bytes)
{
	struct pump *pump = &session->pumps[fd - 1];
	pump->credit += bytes;
	if (pump->pipe)
		pump_run(&pump->work);
}

HF_EXPORT_C("c_cancel") void hf_c_cancel(struct session *session, uint32_t fd)
{
	struct pump *pump = &session->pumps[fd - 1];
	if (!pump->pipe)
		return;
	pump_close(pump);
	js_output_end(session->id, fd);
	finish_if_over(session);
}

HF_EXPORT_C("c_end")
void hf_c_end(struct session *session, uint32_t reason, uint32_t code, const char *message, uint32_t size)
{
	hf_process_end(session->process, (enum hf_exit_reason)reason, code, message, size, NULL, 0);
}

/* syscalls, parks, wakeups of its threads; then 1 if all of them are asleep. */
HF_EXPORT_C("c_session_stats") void hf_c_session_stats(struct session *session, double *out)
{
	struct hf_process *process = session->process;
	memset(out, 0, 4 * sizeof *out);
	out[3] = 1;
	hf_lock(&process->lock);
	HF_LIST_EACH(link, &process->threads)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_process);
		out[0] += (double)hf_counter_read(&thread->syscalls);
		out[1] += (double)hf_counter_read(&thread->parks);
		out[2] += (double)hf_counter_read(&thread->wakeups);
		if (!atomic_load(&thread->parked))
			out[3] = 0;
	}
	hf_unlock(&process->lock);
}
