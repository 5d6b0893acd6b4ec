/* preview1.c - the doors of wasi_snapshot_preview1: all 46 functions (holdfast/preview1.def lists their types). */
#include "wasi/door.h"

hf_t hf__come_in_far(enum hf_call call)
{
	return hf__come_in(call);
}

uint32_t hf__go_out_far(hf_t t, enum hf_call call, int result, HF__NINE_PARAMETERS)
{
	if (hf_counter_own(&t->traced))
		hf__trace(t, call, result, a1, a2, a3, a4, a5, a6, a7, a8, a9);
	return hf__go_out(t, result);
}

DOOR(p1, args_get, (uint32_t argv, uint32_t buffer), argv, buffer)
DOOR(p1, args_sizes_get, (uint32_t count, uint32_t size), count, size)
DOOR(p1, environ_get, (uint32_t envp, uint32_t buffer), envp, buffer)
DOOR(p1, environ_sizes_get, (uint32_t count, uint32_t size), count, size)
DOOR(p1, clock_res_get, (uint32_t id, uint32_t out), id, out)
NEAR_DOOR(p1, clock_time_get, (uint32_t id, uint64_t precision, uint32_t out), id, precision, out)
DOOR(p1, fd_advise, (uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice), fd, offset, size, advice)
DOOR(p1, fd_allocate, (uint32_t fd, uint64_t offset, uint64_t size), fd, offset, size)
DOOR(p1, fd_close, (uint32_t fd), fd)
DOOR(p1, fd_datasync, (uint32_t fd), fd)
NEAR_DOOR(p1, fd_fdstat_get, (uint32_t fd, uint32_t out), fd, out)
DOOR(p1, fd_fdstat_set_flags, (uint32_t fd, uint32_t flags), fd, flags)
DOOR(p1, fd_fdstat_set_rights, (uint32_t fd, uint64_t rights, uint64_t inheriting), fd, rights, inheriting)
NEAR_DOOR_OF(HF_WASI_PREVIEW1, p1, fd_filestat_get, (uint32_t fd, uint32_t out), fd, out)
DOOR(p1, fd_filestat_set_size, (uint32_t fd, uint64_t size), fd, size)
DOOR(p1, fd_filestat_set_times, (uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags), fd, atim, mtim, flags)
NEAR_DOOR(p1, fd_pread, (uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out), fd, iovs, count,
          offset, out)
DOOR(p1, fd_prestat_get, (uint32_t fd, uint32_t out), fd, out)
DOOR(p1, fd_prestat_dir_name, (uint32_t fd, uint32_t path, uint32_t size), fd, path, size)
NEAR_DOOR(p1, fd_pwrite, (uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out), fd, iovs, count,
          offset, out)
NEAR_DOOR(p1, fd_read, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out), fd, iovs, count, out)
DOOR(p1, fd_readdir, (uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out), fd, buffer, size,
     cookie, out)
DOOR(p1, fd_renumber, (uint32_t from, uint32_t to), from, to)
NEAR_DOOR_OF(HF_WASI_PREVIEW1, p1, fd_seek, (uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out), fd, offset,
             whence, out)
DOOR(p1, fd_sync, (uint32_t fd), fd)
NEAR_DOOR(p1, fd_tell, (uint32_t fd, uint32_t out), fd, out)
NEAR_DOOR(p1, fd_write, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out), fd, iovs, count, out)
DOOR(p1, path_create_directory, (uint32_t fd, uint32_t path, uint32_t size), fd, path, size)
DOOR_OF(HF_WASI_PREVIEW1, p1, path_filestat_get,
        (uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint32_t out), fd, flags, path, size, out)
DOOR(p1, path_filestat_set_times,
     (uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim, uint64_t mtim, uint32_t fst_flags), fd,
     flags, path, size, atim, mtim, fst_flags)
DOOR(p1, path_link,
     (uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size, uint32_t new_fd, uint32_t new_path,
      uint32_t new_size),
     old_fd, old_flags, old_path, old_size, new_fd, new_path, new_size)
DOOR(p1, path_open,
     (uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags, uint64_t rights,
      uint64_t inheriting, uint32_t fdflags, uint32_t out),
     fd, dirflags, path, size, oflags, rights, inheriting, fdflags, out)
DOOR(p1, path_readlink, (uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size, uint32_t out),
     fd, path, path_size, buffer, size, out)
DOOR(p1, path_remove_directory, (uint32_t fd, uint32_t path, uint32_t size), fd, path, size)
DOOR(p1, path_rename,
     (uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd, uint32_t new_path, uint32_t new_size),
     old_fd, old_path, old_size, new_fd, new_path, new_size)
DOOR(p1, path_symlink, (uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size), target,
     target_size, fd, path, size)
DOOR(p1, path_unlink_file, (uint32_t fd, uint32_t path, uint32_t size), fd, path, size)
NEAR_DOOR_OF(HF_WASI_PREVIEW1, p1, poll_oneoff, (uint32_t in, uint32_t out, uint32_t count, uint32_t events), in, out,
             count, events)
HF_EXPORT(HF_NAME_OF_p1_proc_exit) void hf_p1_proc_exit(uint32_t code);
void hf_p1_proc_exit(uint32_t code)
{
	hf_t t = hf__come_in(HF_CALL_proc_exit);
	if (hf_counter_own(&t->traced))
		hf__trace(t, HF_CALL_proc_exit, 0, HF__NINE(code));
	hf__sys_proc_exit(t, code);
	(void)hf__go_out(t, 0);
}
DOOR(p1, proc_raise, (uint32_t signal), signal)
NEAR_DOOR_PLAIN(p1, sched_yield)
NEAR_DOOR(p1, random_get, (uint32_t buffer, uint32_t size), buffer, size)
DOOR(p1, sock_accept, (uint32_t fd, uint32_t flags, uint32_t out), fd, flags, out)
NEAR_DOOR(p1, sock_recv,
          (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size, uint32_t out_flags), fd, iovs,
          count, flags, out_size, out_flags)
NEAR_DOOR(p1, sock_send, (uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size), fd, iovs,
          count, flags, out_size)
DOOR(p1, sock_shutdown, (uint32_t fd, uint32_t how), fd, how)
