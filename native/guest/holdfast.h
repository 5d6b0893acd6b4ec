/* Programs that start programs: the module holdfast_v1, for guests that have the option `children` (docs/guide.md).
 * Compile holdfast.c with your program; it needs only a C library.
 *
 * A child has only the descriptors, the directories and the limits that it is given here. It is killed when the process that started it ends. Any
 * thread may call these functions; a call that waits blocks only the calling thread.
 */
#ifndef HOLDFAST_H
#define HOLDFAST_H

#ifdef __cplusplus
extern "C" {
#endif

/* Why a process ended. The code is the program's exit code for HOLDFAST_EXIT, else the code that a shell reports (128 + a signal's number, trap 134,
 * timeout 124). */
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

/* An option of holdfast_wait: return at once. */
#define HOLDFAST_NOHANG 1
/* In place of a stream's descriptor: /dev/null. */
#define HOLDFAST_NULL (-1)

/* Starts the program in the file `path`, which is opened with the caller's rights. `argv` and `envp` end with NULL; an `envp` of NULL stands for the
 * caller's environment. `streams` are the descriptors of the caller that become the child's 0, 1 and 2; NULL: the caller's 0, 1 and 2. The child has
 * the caller's preopened directories and named pipes, but not its other descriptors. Returns the child's pid; or -1 and errno: the errors of open();
 * ENOEXEC if the file is not a program that can run; E2BIG; EAGAIN when there are as many processes as `max` allows, or no worker is free; EBADF for
 * a stream. */
int holdfast_spawn(const char *path, char *const argv[], char *const envp[], const int streams[3]);

/* Waits until a child, or any child if the pid is -1, has ended. Each child is reported once. Returns its pid; 0 with HOLDFAST_NOHANG if none has
 * ended; or -1 and errno: ECHILD when there is no such child, EINVAL. `status` may be NULL. */
int holdfast_wait(int pid, struct holdfast_status *status, int flags);

/* Kills a descendant of the caller, with any signal, because WASI programs handle none. Its code is 128 + signal. Signal 0 only checks that the
 * process exists. Returns 0; or -1 and errno: ESRCH, EINVAL. */
int holdfast_kill(int pid, int signal);

/* Creates a pipe: ends[0] is for reading, ends[1] for writing. Returns 0; or -1 and errno: ENOMEM; EMFILE when the caller has the maximum number of
 * descriptors, or when the program with the option and its descendants have 256 of these pipes. */
int holdfast_pipe(int ends[2]);

#ifdef __cplusplus
}
#endif

#endif
