/* misc.c - system calls for clocks, random bytes, exit and signals. */
#include "wasi/sys.h"

#include "fs/random.h"

#include <string.h>

int hf__sys_clock_res_get(hf_t t, uint32_t id, uint32_t out)
{
	if (id > HF_CLOCK_THREAD_CPUTIME)
		return -HF_EINVAL;
	uint64_t resolution = hf_plat_clock_resolution();
	return hf_copy_out(&t->mem, out, &resolution, 8);
}

/* Sets the process's last time to `now`, unless another thread's was later; returns the later one. */
static uint64_t settle(struct hf_process *process, uint64_t now)
{
	uint64_t latest = atomic_load(&process->latest);
	while (latest < now && !atomic_compare_exchange_weak(&process->latest, &latest, now))
		continue;
	return latest < now ? now : latest;
}

uint64_t hf__monotonic(hf_t t)
{
	uint64_t now = hf_plat_monotonic();
	return t->process->fds.shared ? settle(t->process, now) : now;
}

void hf__monotonic_is_shared(hf_t t)
{
	(void)settle(t->process, hf_plat_monotonic());
}

int hf__sys_clock_time_get(hf_t t, uint32_t id, uint64_t precision, uint32_t out)
{
	(void)precision;
	uint64_t now;
	switch (id) {
	case HF_CLOCK_REALTIME:
		now = hf_plat_realtime();
		break;
	case HF_CLOCK_MONOTONIC:
		now = hf__monotonic(t);
		break;
	case HF_CLOCK_PROCESS_CPUTIME:
		now = hf_process_cpu_time(t->process);
		break;
	case HF_CLOCK_THREAD_CPUTIME:
		now = hf_thread_cpu_time(t);
		break;
	default:
		return -HF_EINVAL;
	}
	return hf_copy_out(&t->mem, out, &now, 8);
}

int hf__sys_random_get(hf_t t, uint32_t buffer, uint32_t size)
{
	uint8_t chunk[256];
	int result = hf_user_check(&t->mem, buffer, size);
	for (uint32_t done = 0; result == 0 && done < size;) {
		uint32_t part = size - done < sizeof chunk ? size - done : (uint32_t)sizeof chunk;
		hf_random(chunk, part);
		result = hf_copy_out(&t->mem, buffer + done, chunk, part);
		done += part;
		/* Gigabytes take seconds, so check whether the thread must stop. */
		if (hf_told_to_stop())
			return -HF_EINTR;
		hf_turn_between_pieces();
	}
	return result;
}

int hf__sys_sched_yield(hf_t t)
{
	hf_turn_yield(t);
	hf_thread_give_way(t);
	return 0;
}

void hf__sys_proc_exit(hf_t t, uint32_t code)
{
	hf_process_end(t->process, HF_EXIT_EXIT, code, NULL, 0, NULL, 0);
	hf_thread_stop(t);
}

/* WASI's numbers (typenames.witx, $signal). */
static const char *const signal_names[] = {"NONE", "HUP",    "INT",  "QUIT",  "ILL",  "TRAP", "ABRT", "BUS",
                                           "FPE",  "KILL",   "USR1", "SEGV",  "USR2", "PIPE", "ALRM", "TERM",
                                           "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",  "XCPU",
                                           "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR",  "SYS"};
enum {
	SIG_NONE = 0,
	SIG_PIPE = 13,
	SIG_CHLD = 16,
	SIG_CONT = 17,
	SIG_STOP = 18,
	SIG_TTOU = 21,
	SIG_URG = 22,
	SIG_WINCH = 27,
	SIG_COUNT = 31
};
_Static_assert(HF_CODE_BROKEN_PIPE == HF_CODE_SIGNAL + SIG_PIPE, "the shell's code for SIGPIPE");

/* Whether the process continues after the signal. The actions are those of typenames.witx: PIPE, CHLD, URG and WINCH are "Ignored" (in POSIX, PIPE
 * kills a process that has not requested EPIPE), and CONT has no stopped process to continue. STOP, TSTP, TTIN and TTOU would "stop executing", and
 * nothing could resume the process, because preview 1 has no call that raises CONT in another process, nor one to wait for a stopped child. POSIX
 * specifies no action for the last three in an orphaned process group. */
static bool does_nothing(uint32_t signal)
{
	switch (signal) {
	case SIG_NONE:
	case SIG_PIPE:
	case SIG_CHLD:
	case SIG_CONT:
	case SIG_URG:
	case SIG_WINCH:
		return true;
	default:
		return signal >= SIG_STOP && signal <= SIG_TTOU;
	}
}

int hf__sys_proc_raise(hf_t t, uint32_t signal)
{
	if (signal >= SIG_COUNT)
		return -HF_EINVAL;
	if (does_nothing(signal))
		return 0;
	static const char prefix[] = "the guest raised SIG";
	char message[sizeof prefix + 8];
	strcpy(message, prefix);
	strcat(message, signal_names[signal]);
	hf_process_end(t->process, HF_EXIT_KILLED, HF_CODE_SIGNAL + signal, message, (uint32_t)strlen(message), NULL, 0);
	hf_thread_stop(t);
	return 0;
}
