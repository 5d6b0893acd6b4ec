/* thread.c - an OS thread that runs a guest's thread, and how it is taken away from there.
 *
 * A guest may compute forever, and the OS cannot end a single thread. So a claimed thread gets a signal, whose handler jumps back to the point where
 * the host entered the guest: the thread was claimed in the guest's code, so it holds nothing in the kernel. Code that must not be interrupted (the
 * doors, growing memory) is between hf_guest_busy and hf_guest_idle: there the handler does nothing, and hf_guest_idle checks instead. A claimed
 * thread that reaches the door leaves from there (hf_native_set_rest). */
#include "host/internal.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "platform/native.h"

/* This is address space, of which only touched pages use memory. The translation counts nested calls, and traps long before the end of the stack
 * (host/wasm2c.mjs). */
#define STACK_SIZE (UINT64_C(256) << 20)

/* The signal's handler, and code that it may interrupt without returning to it, must not call a sanitizer's runtime. (`no_sanitize` leaves the calls at the
 * beginning and the end of a function, and those for atomics.) */
#if defined(__clang__)
#define ANYWHERE __attribute__((disable_sanitizer_instrumentation))
#else
#define ANYWHERE
#endif

static _Thread_local struct hf_guest_thread *self;

struct hf_guest_thread *hf__guest_thread_self(void)
{
	return self;
}

static _Noreturn void go_away(void)
{
	self->busy = 1;
	siglongjmp(self->away, 1);
}

ANYWHERE static bool claimed(void)
{
	return atomic_load_explicit(&self->kernel.door, memory_order_relaxed) == HF_CLAIMED;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER
#endif
#endif

static int signal_number(void)
{
	return SIGRTMIN + 2;
}

#ifdef THREAD_SANITIZER

/* ThreadSanitizer's runtime may hold its locks where a signal interrupts it, so no jump may leave it: the signal comes again a moment later. The runtime is
 * in the program. Guests are shared objects; those that are in the program are in the section hf_guest_code, and call nothing there. */
#define MOMENT 1000000 /* nanoseconds */

/* By the linker; the section's are NULL if there is none. */
extern const char __executable_start, etext;
extern const char __start_hf_guest_code __attribute__((weak)), __stop_hf_guest_code __attribute__((weak));

static _Thread_local timer_t again;

static void again_init(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number()};
	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &again) != 0)
		hf_plat_panic(__FILE__, __LINE__, "timer_create failed");
}

static void again_destroy(void)
{
	(void)timer_delete(again);
}

ANYWHERE static bool may_leave(const ucontext_t *from)
{
#if defined(__x86_64__)
	uintptr_t at = (uintptr_t)from->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	uintptr_t at = from->uc_mcontext.pc;
#else
#error "Which register has the program counter?"
#endif
	bool in_program = at >= (uintptr_t)&__executable_start && at < (uintptr_t)&etext;
	bool in_guest = at >= (uintptr_t)&__start_hf_guest_code && at < (uintptr_t)&__stop_hf_guest_code;
	if (in_guest || !in_program)
		return true;
	const struct itimerspec soon = {.it_value.tv_nsec = MOMENT};
	(void)timer_settime(again, 0, &soon, NULL);
	return false;
}

#else

static void again_init(void) {}

static void again_destroy(void) {}

static bool may_leave(const ucontext_t *from)
{
	(void)from;
	return true;
}

#endif

ANYWHERE static void interrupted(int signal, siginfo_t *info, void *from)
{
	(void)signal;
	(void)info;
	if (self && !self->busy && claimed() && may_leave(from))
		go_away();
}

/* The thread that creates a guest's memory is not one of the guest's threads, so it is never claimed. */
ANYWHERE void hf_guest_busy(void)
{
	if (!self)
		return;
	self->busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
}

ANYWHERE void hf_guest_idle(void)
{
	if (!self)
		return;
	atomic_signal_fence(memory_order_seq_cst);
	self->busy = 0;
	atomic_signal_fence(memory_order_seq_cst);
	/* A signal that arrived while it was busy has done nothing. */
	if (claimed())
		go_away();
}

void hf__guest_thread_init(void)
{
	/* Bypasses the sanitizers' sigaction: ThreadSanitizer's delays signals until a thread calls the C library, which a computing guest never does. */
	union {
		void *symbol;
		int (*function)(int, const struct sigaction *, struct sigaction *);
	} next = {.symbol = dlsym(RTLD_NEXT, "sigaction")};
	struct sigaction action = {.sa_sigaction = interrupted, .sa_flags = SA_RESTART | SA_SIGINFO};
	sigemptyset(&action.sa_mask);
	if ((next.symbol ? next.function : sigaction)(signal_number(), &action, NULL) != 0)
		hf_plat_panic(__FILE__, __LINE__, "sigaction failed");
	hf_native_set_rest(go_away);
}

/* A handler cannot run before a sanitizer's runtime has set up the thread, or after its clean-up: the signal waits, or is lost with the thread. */
static void hold_signal(int how)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal_number());
	(void)pthread_sigmask(how, &set, NULL);
}

struct run {
	struct hf_guest_thread *thread;
	const char *trap;
};

static void run_guest(void *context)
{
	struct run *run = context;
	struct hf_guest_thread *thread = run->thread;
	struct hf_guest *guest = thread->guest;
	run->trap = guest->module->run(thread->instance, guest->memory, thread->tid, thread->argument);
}

/* Runs the guest, and then leaves the process, like coordinator/boot.c. Does not return if the thread was claimed. */
static void live(struct hf_guest_thread *thread)
{
	struct run run = {.thread = thread};
	bool unwound = hf_native_enter(run_guest, &run);
	hf_guest_busy();
	hf_door_return(&thread->kernel);
	struct hf_process *process =
		thread->kernel.process; /* safe to use from here on: the thread cannot be claimed any more */
	if (!unwound && run.trap)
		hf_process_end(process, HF_EXIT_TRAP, HF_CODE_TRAP, run.trap, (uint32_t)strlen(run.trap), NULL, 0);
	else if (unwound || thread->tid == 0)
		hf_process_end(process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	hf_process_thread_gone(&thread->kernel);
}

static void *thread_main(void *argument)
{
	struct hf_guest_thread *thread = argument;
	const struct hf_guest_module *module = thread->guest->module;
	thread->busy = 1;
	self = thread;
	hf_thread_become(&thread->kernel);
	hf__guest_memory_bind(thread);
	again_init();
	hold_signal(SIG_UNBLOCK);
	if (sigsetjmp(thread->away, 1) == 0)
		live(thread);
	hold_signal(SIG_BLOCK);
	again_destroy();
	hf_thread_become(NULL);
	self = NULL;
	module->instance_free(thread->instance);
	(void)hf_work_post(&thread->over);
	return NULL;
}

int hf__guest_thread_start(struct hf_guest_thread *thread)
{
	struct hf_guest *guest = thread->guest; /* the thread's block may be freed by the time this returns */
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* The thread that interrupts this one needs its id. */
	pthread_mutex_lock(&guest->mutex);
	hold_signal(SIG_BLOCK); /* the new thread inherits this mask until it has begun */
	int result = pthread_create(&thread->os_thread, &attr, thread_main, thread);
	hold_signal(SIG_UNBLOCK);
	pthread_mutex_unlock(&guest->mutex);
	pthread_attr_destroy(&attr);
	return result == 0 ? 0 : -HF_EAGAIN;
}

void hf__guest_thread_interrupt(struct hf_guest_thread *thread)
{
	pthread_mutex_lock(&thread->guest->mutex);
	(void)pthread_kill(thread->os_thread, signal_number());
	pthread_mutex_unlock(&thread->guest->mutex);
	hf__guest_wait_interrupt();
}
