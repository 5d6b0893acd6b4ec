/* guest.c - a guest, from spawn to end: the process, its streams and preopens, and its threads. */
#include "host/internal.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/devfs.h"
#include "wasi/sys.h"

_Static_assert(HF_GUEST_MESSAGE_MAX == HF_EXIT_MESSAGE_MAX, "an exit's message");
_Static_assert(HF_GUEST_FOREVER == HF_FOREVER, "no deadline");

static _Atomic uint32_t next_pid = 1, next_tid = 1;

/* ---- the coordinator's side ---- */

/* Stops the threads that do not end by themselves once the guest's descriptors are closed. */
static void stop_inputs(struct hf_guest *guest)
{
	hf__copier_stop(&guest->copiers[0]);
	for (size_t i = 0; i < guest->tcp_count; i++)
		hf__tcp_stop(&guest->tcps[i], false);
}

static void become_over(struct hf_guest *guest)
{
	struct hf_process *process = guest->process;
	(void)hf_work_cancel(&process->ended);
	guest->exit.reason = (enum hf_guest_ended)process->reason;
	guest->exit.code = process->code;
	memcpy(guest->exit.message, process->message, process->message_size);
	stop_inputs(guest);
	pthread_mutex_lock(&guest->mutex);
	guest->over = true;
	pthread_cond_broadcast(&guest->changed);
	pthread_mutex_unlock(&guest->mutex);
}

static void look(struct hf_guest *guest)
{
	if (!guest->over && guest->threads == 0 && hf_process_is_dead(guest->process))
		become_over(guest);
}

static void thread_claimed(struct hf_thread *thread)
{
	hf__guest_thread_interrupt(HF_CONTAINER(thread, struct hf_guest_thread, kernel));
}

static void process_ended(struct hf_work *work)
{
	struct hf_process *process = HF_CONTAINER(work, struct hf_process, ended);
	hf_process_claim_threads(process, thread_claimed);
	look(process->owner);
}

static void free_thread(struct hf_guest_thread *thread)
{
	free(thread->instance);
	free(thread);
}

/* Only its OS thread is left to end. */
static void thread_over(struct hf_work *work)
{
	struct hf_guest_thread *thread = HF_CONTAINER(work, struct hf_guest_thread, over);
	struct hf_guest *guest = thread->guest;
	(void)hf_work_cancel(&thread->kernel.spawn.work);
	pthread_join(thread->os_thread, NULL);
	free_thread(thread);
	guest->threads--;
	look(guest);
}

/* Creates a thread of the process, ready to run: -HF_ENOMEM, -HF_EAGAIN at the limit, -HF_ESRCH when the process is ending. */
static int make_thread(struct hf_guest *guest, uint32_t tid, uint32_t argument, struct hf_guest_thread **out)
{
	struct hf_guest_thread *thread = calloc(1, sizeof *thread);
	if (!thread)
		return -HF_ENOMEM;
	thread->guest = guest;
	thread->tid = tid;
	thread->argument = argument;
	hf_work_init(&thread->over, thread_over);
	hf_spawn_request_init(&thread->kernel.spawn, hf__guest_spawn_thread);
	thread->instance = calloc(1, guest->module->instance_size);
	int result = thread->instance ? hf_process_add_thread(guest->process, &thread->kernel, tid) : -HF_ENOMEM;
	if (result < 0)
		free_thread(thread);
	else
		*out = thread;
	return result;
}

static int start_thread(struct hf_guest *guest, struct hf_guest_thread *thread)
{
	guest->threads++;
	int result = hf__guest_thread_start(thread);
	if (result < 0) {
		guest->threads--;
		hf_process_thread_gone(&thread->kernel);
		free_thread(thread);
	}
	return result;
}

/* Returns a thread id for wasi-threads: 1 to 2^29 - 1. */
static uint32_t new_tid(void)
{
	uint32_t number = atomic_fetch_add(&next_tid, 1);
	return (number - 1) % ((UINT32_C(1) << 29) - 1) + 1;
}

void hf__guest_spawn_thread(struct hf_work *work)
{
	struct hf_spawn_request *request = HF_CONTAINER(work, struct hf_spawn_request, work);
	struct hf_guest_thread *asker = HF_CONTAINER(request, struct hf_guest_thread, kernel.spawn);
	struct hf_guest_thread *thread;
	uint32_t tid = new_tid();
	if (!hf_request_take(&request->base))
		return;
	int result = make_thread(asker->guest, tid, request->argument, &thread);
	if (result == 0)
		result = start_thread(asker->guest, thread);
	hf_request_answer(&request->base, result < 0 ? result : (int)tid);
}

/* ---- start ---- */

int hf_guest_load(const char *file, const struct hf_guest_module **out)
{
	void *object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!object) {
		fprintf(stderr, "holdfast: %s\n", dlerror());
		return -HF_ENOENT;
	}
	const struct hf_guest_module *module = dlsym(object, "hf_guest_module");
	if (!module || module->abi != HF_GUEST_MODULE_ABI) {
		fprintf(stderr, "holdfast: %s: %s\n", file, module ? "translated for another version" : "no translated guest");
		return -HF_EINVAL;
	}
	*out = module;
	return 0;
}

/* Concatenates the strings, each with its NUL; the caller frees the bytes. NULL: no memory. */
static char *join_strings(const char *const *list, struct hf_strings *out)
{
	size_t size = 0;
	uint32_t count = 0;
	for (; list[count]; count++)
		size += strlen(list[count]) + 1;
	char *bytes = malloc(size ? size : 1), *at = bytes;
	for (uint32_t i = 0; bytes && i < count; i++, at += strlen(at) + 1)
		memcpy(at, list[i], strlen(list[i]) + 1);
	*out = (struct hf_strings){.count = count, .size = (uint32_t)size, .bytes = bytes};
	return bytes;
}

static struct hf_limits limits_of(const struct hf_guest_limits *given)
{
	struct hf_limits limits = hf_default_limits;
#define GIVEN(name) limits.name = given && given->name ? given->name : limits.name
	GIVEN(fds);
	GIVEN(pipe_bytes);
	GIVEN(poll_subscriptions);
	GIVEN(threads);
	GIVEN(output);
	GIVEN(file_bytes);
#undef GIVEN
	return limits;
}

static int make_process(struct hf_guest *guest, const struct hf_guest_options *options)
{
	struct hf_strings args, env;
	struct hf_limits limits = limits_of(options->limits);
	char *arg_bytes = join_strings(options->args, &args), *env_bytes = join_strings(options->env, &env);
	int result = -HF_ENOMEM;
	if (arg_bytes && env_bytes)
		result =
			hf_process_create(atomic_fetch_add(&next_pid, 1), &args, &env, &limits, process_ended, &guest->process);
	free(arg_bytes);
	free(env_bytes);
	if (result == 0)
		guest->process->owner = guest;
	return result;
}

void hf__guest_stream_ended(struct hf_guest *guest, bool *ended)
{
	pthread_mutex_lock(&guest->mutex);
	*ended = true;
	pthread_cond_broadcast(&guest->changed);
	pthread_mutex_unlock(&guest->mutex);
}

static void copier_ended(struct hf_copier *copier)
{
	hf__guest_stream_ended(copier->guest, &copier->ended);
}

/* Opens descriptor 0, 1 or 2: a pipe whose other end a copier holds, or /dev/null. */
static int add_stream(struct hf_guest *guest, uint32_t number, int fd)
{
	struct hf_file *file;
	struct hf_pipe *pipe = NULL;
	enum hf_access access = number == 0 ? HF_READ : HF_WRITE;
	int result;
	if (fd < 0) {
		result = hf_file_open(hf_device(HF_DEV_NULL), access, 0, &file);
	} else {
		guest->copiers[number].guest = guest;
		guest->copiers[number].over = copier_ended;
		result = hf_pipe_create(guest->process->limits.pipe_bytes, &pipe);
		if (result == 0)
			result = hf__copier_start(&guest->copiers[number], pipe, fd, number == 0);
		if (result < 0 && pipe) {
			/* The copier has already dropped its end. */
			if (number == 0)
				hf_pipe_drop_reader(pipe);
			else
				hf_pipe_drop_writer(pipe);
		}
		if (result == 0)
			result = hf_file_open_pipe(pipe, access, HF_FILETYPE_UNKNOWN, &file);
	}
	if (result < 0)
		return result;
	uint64_t rights = hf__rights_of(file) & ~(number == 0 ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
	int inserted = hf_fd_insert(&guest->process->fds, file, rights, 0);
	return inserted < 0 ? inserted : 0;
}

static int add_sockets(struct hf_guest *guest, const struct hf_guest_options *options)
{
	int result = 0;
	if (options->socket_count == 0)
		return 0;
	guest->tcps = calloc(options->socket_count, sizeof *guest->tcps);
	if (!guest->tcps)
		return -HF_ENOMEM;
	guest->tcp_count = options->socket_count;
	for (size_t i = 0; i < options->socket_count && result == 0; i++)
		result = hf__guest_add_socket(guest, &options->sockets[i], &guest->tcps[i]);
	return result;
}

static int build(struct hf_guest *guest, const struct hf_guest_options *options)
{
	int result = make_process(guest, options);
	for (uint32_t i = 0; i < 3 && result == 0; i++)
		result = add_stream(guest, i, options->streams[i]);
	if (result == 0)
		result = add_sockets(guest, options);
	for (size_t i = 0; i < options->preopen_count && result == 0; i++) {
		const struct hf_guest_preopen *preopen = &options->preopens[i];
		result = hf_preopen(guest->process, hf_host_root(), preopen->path, (uint32_t)strlen(preopen->path),
		                    preopen->name, (uint32_t)strlen(preopen->name), preopen->read_only);
	}
	if (result == 0 && guest->module->memory_create && !(guest->memory = guest->module->memory_create()))
		result = -HF_ENOMEM;
	return result;
}

/* Starts all threads of the host that move the guest's bytes. */
static void join_streams(struct hf_guest *guest)
{
	for (int i = 0; i < 3; i++)
		hf__copier_join(&guest->copiers[i]);
	for (size_t i = 0; i < guest->tcp_count; i++)
		hf__tcp_join(&guest->tcps[i]);
}

void hf_guest_free(struct hf_guest *guest)
{
	if (guest->process)
		hf_process_unref(guest->process); /* it never ran; closes its descriptors, so the copiers get the end of file */
	if (guest->streams == HF__STREAMS_RUN) {
		stop_inputs(guest); /* for a guest that never ran */
		join_streams(guest);
	}
	free(guest->tcps);
	if (guest->memory)
		guest->module->memory_destroy(guest->memory);
	pthread_cond_destroy(&guest->changed);
	pthread_mutex_destroy(&guest->mutex);
	free(guest);
}

static struct hf_guest *make_guest(const struct hf_guest_module *module)
{
	pthread_condattr_t attr;
	struct hf_guest *guest = calloc(1, sizeof *guest);
	if (!guest)
		return NULL;
	guest->module = module;
	pthread_mutex_init(&guest->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&guest->changed, &attr);
	pthread_condattr_destroy(&attr);
	return guest;
}

int hf_guest_spawn(const struct hf_guest_options *options, struct hf_guest **out)
{
	static const char message[] = "no thread to run it on";
	struct hf_guest_thread *thread;
	struct hf_guest *guest = make_guest(options->module);
	if (!guest)
		return -HF_ENOMEM;
	int result = build(guest, options);
	if (result == 0)
		result = make_thread(guest, 0, 0, &thread);
	if (result < 0) {
		hf_guest_free(guest);
		return result;
	}
	*out = guest;
	guest->threads++;
	if (hf__guest_thread_start(thread) < 0) {
		/* Its end is reported like any other. The coordinator must not claim a thread that does not run. */
		guest->threads--;
		(void)hf_thread_claim(&thread->kernel);
		hf_process_end(guest->process, HF_EXIT_CRASH, HF_CODE_CRASH, message, sizeof message - 1, NULL, 0);
		hf_process_thread_gone(&thread->kernel);
		free_thread(thread);
	}
	return 0;
}

/* ---- end ---- */

void hf_guest_end(struct hf_guest *guest, enum hf_guest_ended reason, uint32_t code, const char *message)
{
	hf_process_end(guest->process, (enum hf_exit_reason)reason, code, message, (uint32_t)strlen(message), NULL, 0);
}

void hf_guest_drop_output(struct hf_guest *guest)
{
	pthread_mutex_lock(&guest->mutex);
	/* Under the mutex, so that no thread joins them meanwhile; stopping a thread takes no lock. */
	for (int i = 1; guest->streams == HF__STREAMS_RUN && i < 3; i++)
		hf__copier_stop(&guest->copiers[i]);
	for (size_t i = 0; guest->streams == HF__STREAMS_RUN && guest->over && i < guest->tcp_count; i++)
		hf__tcp_stop(&guest->tcps[i], true);
	pthread_mutex_unlock(&guest->mutex);
}

/* At most joining its threads is left to do. */
static bool is_done_locked(const struct hf_guest *guest)
{
	if (!guest->over || guest->streams != HF__STREAMS_RUN)
		return guest->streams == HF__STREAMS_GONE;
	for (int i = 0; i < 3; i++) {
		if (guest->copiers[i].running && !guest->copiers[i].ended)
			return false;
	}
	for (size_t i = 0; i < guest->tcp_count; i++) {
		if (guest->tcps[i].running && !guest->tcps[i].ended)
			return false;
	}
	return true;
}

bool hf_guest_join(struct hf_guest *guest, uint64_t deadline)
{
	struct timespec when = {.tv_sec = (time_t)(deadline / 1000000000), .tv_nsec = (long)(deadline % 1000000000)};
	int result = 0;
	pthread_mutex_lock(&guest->mutex);
	while (!is_done_locked(guest) && result == 0) {
		result = deadline == HF_FOREVER ? pthread_cond_wait(&guest->changed, &guest->mutex)
		                                : pthread_cond_timedwait(&guest->changed, &guest->mutex, &when);
	}
	bool done = is_done_locked(guest);
	if (done && guest->streams == HF__STREAMS_RUN) {
		guest->streams = HF__STREAMS_ARE_JOINED;
		pthread_mutex_unlock(&guest->mutex);
		join_streams(guest);
		pthread_mutex_lock(&guest->mutex);
		guest->streams = HF__STREAMS_GONE;
		pthread_cond_broadcast(&guest->changed);
	}
	pthread_mutex_unlock(&guest->mutex);
	return done;
}

const struct hf_guest_exit *hf_guest_exit(const struct hf_guest *guest)
{
	return &guest->exit;
}
