/* unstable.c - the doors of wasi_unstable, the older edition that some programs still import: the same calls, but for
 * the layouts of filestat and subscription and the numbers of whence; it has no sock_accept. */
#include "wasi/door.h"

DOOR(un, args_get, (uint32_t argv, uint32_t buffer), (t, argv, buffer))
DOOR(un, args_sizes_get, (uint32_t count, uint32_t size), (t, count, size))
DOOR(un, environ_get, (uint32_t envp, uint32_t buffer), (t, envp, buffer))
DOOR(un, environ_sizes_get, (uint32_t count, uint32_t size), (t, count, size))
DOOR(un, clock_res_get, (uint32_t id, uint32_t out), (t, id, out))
DOOR(un, clock_time_get, (uint32_t id, uint64_t precision, uint32_t out), (t, id, precision, out))
DOOR(un, fd_advise, (uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice), (t, fd, offset, size, advice))
DOOR(un, fd_allocate, (uint32_t fd, uint64_t offset, uint64_t size), (t, fd, offset, size))
DOOR(un, fd_close, (uint32_t fd), (t, fd))
DOOR(un, fd_datasync, (uint32_t fd), (t, fd))
DOOR(un, fd_fdstat_get, (uint32_t fd, uint32_t out), (t, fd, out))
DOOR(un, fd_fdstat_set_flags, (uint32_t fd, uint32_t flags), (t, fd, flags))
DOOR(un, fd_fdstat_set_rights, (uint32_t fd, uint64_t rights, uint64_t inheriting), (t, fd, rights, inheriting))
DOOR(un, fd_filestat_get, (uint32_t fd, uint32_t out), (t, HF_WASI_UNSTABLE, fd, out))
DOOR(un, fd_filestat_set_size, (uint32_t fd, uint64_t size), (t, fd, size))
DOOR(un, fd_filestat_set_times, (uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags), (t, fd, atim, mtim, flags))
DOOR(un, fd_pread, (uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out),
     (t, fd, iovs, count, offset, out))
DOOR(un, fd_prestat_get, (uint32_t fd, uint32_t out), (t, fd, out))
DOOR(un, fd_prestat_dir_name, (uint32_t fd, uint32_t path, uint32_t size), (t, fd, path, size))
DOOR(un, fd_pwrite, (uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out),
     (t, fd, iovs, count, offset, out))
DOOR(un, fd_read, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out), (t, fd, iovs, count, out))
DOOR(un, fd_readdir, (uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out),
     (t, fd, buffer, size, cookie, out))
DOOR(un, fd_renumber, (uint32_t from, uint32_t to), (t, from, to))
DOOR(un, fd_seek, (uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out),
     (t, HF_WASI_UNSTABLE, fd, offset, whence, out))
DOOR(un, fd_sync, (uint32_t fd), (t, fd))
DOOR(un, fd_tell, (uint32_t fd, uint32_t out), (t, fd, out))
DOOR(un, fd_write, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out), (t, fd, iovs, count, out))
DOOR(un, path_create_directory, (uint32_t fd, uint32_t path, uint32_t size), (t, fd, path, size))
DOOR(un, path_filestat_get, (uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint32_t out),
     (t, HF_WASI_UNSTABLE, fd, flags, path, size, out))
DOOR(un, path_filestat_set_times,
     (uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim, uint64_t mtim, uint32_t fst_flags),
     (t, fd, flags, path, size, atim, mtim, fst_flags))
DOOR(un, path_link,
     (uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size, uint32_t new_fd, uint32_t new_path,
      uint32_t new_size),
     (t, old_fd, old_flags, old_path, old_size, new_fd, new_path, new_size))
DOOR(un, path_open,
     (uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags, uint64_t rights,
      uint64_t inheriting, uint32_t fdflags, uint32_t out),
     (t, fd, dirflags, path, size, oflags, rights, inheriting, fdflags, out))
DOOR(un, path_readlink, (uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size, uint32_t out),
     (t, fd, path, path_size, buffer, size, out))
DOOR(un, path_remove_directory, (uint32_t fd, uint32_t path, uint32_t size), (t, fd, path, size))
DOOR(un, path_rename,
     (uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd, uint32_t new_path, uint32_t new_size),
     (t, old_fd, old_path, old_size, new_fd, new_path, new_size))
DOOR(un, path_symlink, (uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size),
     (t, target, target_size, fd, path, size))
DOOR(un, path_unlink_file, (uint32_t fd, uint32_t path, uint32_t size), (t, fd, path, size))
DOOR(un, poll_oneoff, (uint32_t in, uint32_t out, uint32_t count, uint32_t events),
     (t, HF_WASI_UNSTABLE, in, out, count, events))
HF_EXPORT("un_proc_exit") void hf_un_proc_exit(uint32_t code);
void hf_un_proc_exit(uint32_t code)
{
	hf_t t = hf__come_in();
	hf__sys_proc_exit(t, code);
	(void)hf__go_out(t, 0);
}
DOOR(un, proc_raise, (uint32_t signal), (t, signal))
DOOR(un, sched_yield, (void), (t))
DOOR(un, random_get, (uint32_t buffer, uint32_t size), (t, buffer, size))
DOOR(un, sock_recv, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size, uint32_t out_flags),
     (t, fd, iovs, count, flags, out_size, out_flags))
DOOR(un, sock_send, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size),
     (t, fd, iovs, count, flags, out_size))
DOOR(un, sock_shutdown, (uint32_t fd, uint32_t how), (t, fd, how))
