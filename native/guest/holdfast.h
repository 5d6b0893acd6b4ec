/* Programs that start programs: the module holdfast_v1, for guests that have the option `children` (docs/guide.md).
 * Compile holdfast.c with your program; it needs only a C library.
 *
 * A child has the descriptors, the directories and the limits that it is given here, and nothing else. It is killed
 * when the process that started it ends. Any thread may call these; a call that waits keeps only its own thread.
 */
#ifndef HOLDFAST_H
#define HOLDFAST_H

#ifdef __cplusplus
extern "C" {
#endif

/* Why a process ended; the code is the program's own for HOLDFAST_EXIT, else what a shell reports (128 + a signal's
 * number, trap 134, timeout 124). */
enum holdfast_reason {
	HOLDFAST_EXIT,
	HOLDFAST_TRAP,
	HOLDFAST_KILLED,
	HOLDFAST_TIMEOUT,
	HOLDFAST_LIMIT,
	HOLDFAST_CRASH,
};

struct holdfast_status {
	enum holdfast_reason reason;
	int code;
};

/* For holdfast_wait: returns at once. */
#define HOLDFAST_NOHANG 1
/* In place of a stream: /dev/null. */
#define HOLDFAST_NULL (-1)

/* Starts the program in the file `path`, which is opened with the caller's rights. `argv` and `envp` end with NULL; an
 * `envp` of NULL stands for the caller's environment. `streams` are the descriptors of the caller that become the
 * child's 0, 1 and 2; NULL: the caller's own. The child has the caller's preopened directories and named pipes, but not
 * its other descriptors. Returns the child's pid; or -1 and errno: as open(); ENOEXEC for what is no program that can
 * run; E2BIG; EAGAIN when there are as many processes as `max` allows, or no worker for one more; EBADF for a stream. */
int holdfast_spawn(const char *path, char *const argv[], char *const envp[], const int streams[3]);

/* Waits for the end of a child, or of any with the pid -1. Each child is reported once. Returns its pid; 0 with
 * HOLDFAST_NOHANG, if none has ended; or -1 and errno: ECHILD when there is no such child, EINVAL. `status` may be
 * NULL. */
int holdfast_wait(int pid, struct holdfast_status *status, int flags);

/* Kills a process that descends from the caller, whatever the signal: programs of WASI handle none. The signal makes
 * its code, 128 + signal. Signal 0 only checks that the process is there. Returns 0; or -1 and errno: ESRCH, EINVAL. */
int holdfast_kill(int pid, int signal);

/* A pipe: ends[0] is read, ends[1] is written. Returns 0; or -1 and errno: ENOMEM; EMFILE when it has as many descriptors
 * as it may, or there are 256 such pipes of the program with the option and all that descend from it. */
int holdfast_pipe(int ends[2]);

#ifdef __cplusplus
}
#endif

#endif
