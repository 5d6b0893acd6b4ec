/* sys.h - the bodies of the system calls. preview1.c and unstable.c put them behind their doors.
 *
 * Each is called by a guest's thread, in the kernel (past the door), with no lock held, and returns 0 or a negated
 * HF_E*. Pointers and lengths come from the guest and must not be trusted. Those that may block say so. */
#ifndef HF_WASI_SYS_H
#define HF_WASI_SYS_H

#include "kernel/process.h"

typedef struct hf_thread *hf_t;

enum hf_wasi_abi { HF_WASI_PREVIEW1, HF_WASI_UNSTABLE };

/* args.c */
int hf__sys_args_get(hf_t t, uint32_t argv, uint32_t buffer);
int hf__sys_args_sizes_get(hf_t t, uint32_t count, uint32_t size);
int hf__sys_environ_get(hf_t t, uint32_t envp, uint32_t buffer);
int hf__sys_environ_sizes_get(hf_t t, uint32_t count, uint32_t size);

/* misc.c: clocks, random, the process itself */
int hf__sys_clock_res_get(hf_t t, uint32_t id, uint32_t out);
int hf__sys_clock_time_get(hf_t t, uint32_t id, uint64_t precision, uint32_t out);
/* The monotonic clock of the process: never earlier than a time that any of its threads got before. Each worker's performance.now() has a different
 * error (up to 10 us in Chromium), so while there are several threads the latest is kept (typenames.witx, $clockid: "the store-wide monotonic clock
 * [...] cannot have negative clock jumps"). A lone thread only checks a flag. */
uint64_t hf__monotonic(hf_t t);
/* Called by a process's only thread before it requests another one, so that the new thread gets no earlier time than this one got. */
void hf__monotonic_is_shared(hf_t t);
int hf__sys_random_get(hf_t t, uint32_t buffer, uint32_t size);
int hf__sys_sched_yield(hf_t t);
int hf__sys_proc_raise(hf_t t, uint32_t signal);
/* Ends the process; the thread unwinds when it leaves the kernel. */
void hf__sys_proc_exit(hf_t t, uint32_t code);

/* fd.c */
int hf__sys_fd_advise(hf_t t, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice);
int hf__sys_fd_allocate(hf_t t, uint32_t fd, uint64_t offset, uint64_t size);
int hf__sys_fd_close(hf_t t, uint32_t fd);
int hf__sys_fd_datasync(hf_t t, uint32_t fd);
int hf__sys_fd_fdstat_get(hf_t t, uint32_t fd, uint32_t out);
int hf__sys_fd_fdstat_set_flags(hf_t t, uint32_t fd, uint32_t flags);
int hf__sys_fd_fdstat_set_rights(hf_t t, uint32_t fd, uint64_t rights, uint64_t inheriting);
int hf__sys_fd_filestat_get(hf_t t, enum hf_wasi_abi abi, uint32_t fd, uint32_t out);
int hf__sys_fd_filestat_set_size(hf_t t, uint32_t fd, uint64_t size);
int hf__sys_fd_filestat_set_times(hf_t t, uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags);
int hf__sys_fd_pread(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
int hf__sys_fd_prestat_get(hf_t t, uint32_t fd, uint32_t out);
int hf__sys_fd_prestat_dir_name(hf_t t, uint32_t fd, uint32_t path, uint32_t size);
int hf__sys_fd_pwrite(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
int hf__sys_fd_read(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out); /* may block */
int hf__sys_fd_readdir(hf_t t, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out);
int hf__sys_fd_renumber(hf_t t, uint32_t from, uint32_t to);
int hf__sys_fd_seek(hf_t t, enum hf_wasi_abi abi, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out);
int hf__sys_fd_sync(hf_t t, uint32_t fd);
int hf__sys_fd_tell(hf_t t, uint32_t fd, uint32_t out);
int hf__sys_fd_write(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out); /* may block */

/* path.c */
int hf__sys_path_create_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size);
int hf__sys_path_filestat_get(hf_t t, enum hf_wasi_abi abi, uint32_t fd, uint32_t flags, uint32_t path, uint32_t size,
                              uint32_t out);
int hf__sys_path_filestat_set_times(hf_t t, uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim,
                                    uint64_t mtim, uint32_t fst_flags);
int hf__sys_path_link(hf_t t, uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size,
                      uint32_t new_fd, uint32_t new_path, uint32_t new_size);
int hf__sys_path_open(hf_t t, uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags,
                      uint64_t rights, uint64_t inheriting, uint32_t fdflags, uint32_t out);
int hf__sys_path_readlink(hf_t t, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size,
                          uint32_t out);
int hf__sys_path_remove_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size);
int hf__sys_path_rename(hf_t t, uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd,
                        uint32_t new_path, uint32_t new_size);
int hf__sys_path_symlink(hf_t t, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size);
int hf__sys_path_unlink_file(hf_t t, uint32_t fd, uint32_t path, uint32_t size);

/* threads.c; may block. Returns the thread's id or a negated errno */
int hf__sys_thread_spawn(hf_t t, uint32_t argument);

/* poll.c; may block */
int hf__sys_poll_oneoff(hf_t t, enum hf_wasi_abi abi, uint32_t in, uint32_t out, uint32_t count, uint32_t events);

/* sock.c; may block */
int hf__sys_sock_accept(hf_t t, uint32_t fd, uint32_t flags, uint32_t out);
int hf__sys_sock_recv(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size,
                      uint32_t out_flags);
int hf__sys_sock_send(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size);
int hf__sys_sock_shutdown(hf_t t, uint32_t fd, uint32_t how);

/* sock.c, for preview 2: operations on sockets. None of them blocks. A port may be one for datagrams (HF_PORT_DATAGRAMS). The descriptors are of the
 * right kind, because the caller has opened them. */
enum hf_sock_op {
	HF_SOCK_BIND, /* returns the descriptor of a listener that does not listen yet; `value`: its port; 0: any. -HF_EADDRINUSE */
	HF_SOCK_LISTEN, /* the listener listens; `value`: the size of its backlog */
	HF_SOCK_CONNECT, /* returns the descriptor of a connection to the port `value`, from the port `fd` (0: any). -HF_ECONNREFUSED, -HF_EAGAIN
	                      while the backlog is full, -HF_ENOBUFS */
	HF_SOCK_ACCEPT,    /* returns the descriptor of the next connection; -HF_EAGAIN */
	HF_SOCK_SHUTDOWN,  /* shuts a connection's directions `value` down (enum hf_shutdown) */
	HF_SOCK_PORT,      /* returns the port of a listener or a connection */
	HF_SOCK_PEER_PORT, /* returns the port of a connection's other end */
};
/* The result of the operation or 0; or an error, also -HF_EMFILE and -HF_ENOMEM. */
HF_MUST_CHECK int hf_sock_call(hf_t t, enum hf_sock_op op, uint32_t fd, uint32_t value);

/* Shared by these files. */

/* The rights that apply to a kind of file: the most that a new descriptor may have. */
uint64_t hf__rights_of(const struct hf_file *file);
uint64_t hf__rights_of_type(uint8_t filetype);
#define HF_RIGHTS_STREAM                                                                                             \
	(HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE | HF_RIGHT_FD_FDSTAT_SET_FLAGS | HF_RIGHT_FD_SYNC | HF_RIGHT_FD_DATASYNC | \
	 HF_RIGHT_FD_FILESTAT_GET | HF_RIGHT_POLL_FD_READWRITE)
#define HF_RIGHTS_SOCKET (HF_RIGHTS_STREAM | HF_RIGHT_SOCK_SHUTDOWN)
/* Preopens the directory at `path` from `root` as the lowest free descriptor, with the name `name` and all rights; if it is read_only, nothing below
 * it can be changed. Called before the process runs. 0, the errors of hf_path_walk, -HF_ENOTDIR, and the errors of hf_fd_insert_preopen. */
HF_MUST_CHECK int hf_preopen(struct hf_process *process, struct hf_vnode *root, const char *path, uint32_t path_size,
                             const char *name, uint32_t name_size, bool read_only);
/* Checks and resolves the times of the *_set_times calls: NULL pointers for unchanged times. -HF_EINVAL. */
int hf__times(uint32_t flags, uint64_t *atim, uint64_t *mtim, const uint64_t **atim_out, const uint64_t **mtim_out);
/* Writes a filestat in the layout of the ABI. */
int hf__put_filestat(hf_t t, enum hf_wasi_abi abi, uint32_t out, const struct hf_attr *attr);
/* Does one write at the description's position, like file->ops->write, but within the limit on the process's output. If the output has no reader any
 * more, this ends the process if it was started with that option. May block. */
int hf__write_out(hf_t t, struct hf_file *file, struct hf_uio *uio);
/* Copies the guest's vector to the thread's and makes a transfer of it; every range is checked. -HF_EINVAL (too many), -HF_EFAULT. */
int hf__get_iovs(hf_t t, uint32_t iovs, uint32_t count, struct hf_uio *uio);

#endif
