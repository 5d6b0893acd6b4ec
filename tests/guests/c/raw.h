/* raw.h - the 46 functions as the module imports them: every pointer and length is a plain number, so that a test can pass invalid ones, and sees
 * the whole i32 result. `P(x)` is the address of an object as such a number. */
#ifndef GUEST_RAW_H
#define GUEST_RAW_H

#include <stdint.h>

#define P(object) ((uint32_t)(uintptr_t)(object))

#define WASI_IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

typedef uint32_t u;
typedef uint64_t U;

u raw_args_get(u argv, u buf) WASI_IMPORT(args_get);
u raw_args_sizes_get(u count, u size) WASI_IMPORT(args_sizes_get);
u raw_environ_get(u environ, u buf) WASI_IMPORT(environ_get);
u raw_environ_sizes_get(u count, u size) WASI_IMPORT(environ_sizes_get);
u raw_clock_res_get(u id, u out) WASI_IMPORT(clock_res_get);
u raw_clock_time_get(u id, U precision, u out) WASI_IMPORT(clock_time_get);
u raw_fd_advise(u fd, U offset, U size, u advice) WASI_IMPORT(fd_advise);
u raw_fd_allocate(u fd, U offset, U size) WASI_IMPORT(fd_allocate);
u raw_fd_close(u fd) WASI_IMPORT(fd_close);
u raw_fd_datasync(u fd) WASI_IMPORT(fd_datasync);
u raw_fd_fdstat_get(u fd, u out) WASI_IMPORT(fd_fdstat_get);
u raw_fd_fdstat_set_flags(u fd, u flags) WASI_IMPORT(fd_fdstat_set_flags);
u raw_fd_fdstat_set_rights(u fd, U base, U inheriting) WASI_IMPORT(fd_fdstat_set_rights);
u raw_fd_filestat_get(u fd, u out) WASI_IMPORT(fd_filestat_get);
u raw_fd_filestat_set_size(u fd, U size) WASI_IMPORT(fd_filestat_set_size);
u raw_fd_filestat_set_times(u fd, U atim, U mtim, u flags) WASI_IMPORT(fd_filestat_set_times);
u raw_fd_pread(u fd, u iovs, u count, U offset, u out) WASI_IMPORT(fd_pread);
u raw_fd_prestat_get(u fd, u out) WASI_IMPORT(fd_prestat_get);
u raw_fd_prestat_dir_name(u fd, u buf, u size) WASI_IMPORT(fd_prestat_dir_name);
u raw_fd_pwrite(u fd, u iovs, u count, U offset, u out) WASI_IMPORT(fd_pwrite);
u raw_fd_read(u fd, u iovs, u count, u out) WASI_IMPORT(fd_read);
u raw_fd_readdir(u fd, u buf, u size, U cookie, u out) WASI_IMPORT(fd_readdir);
u raw_fd_renumber(u from, u to) WASI_IMPORT(fd_renumber);
u raw_fd_seek(u fd, U offset, u whence, u out) WASI_IMPORT(fd_seek);
u raw_fd_sync(u fd) WASI_IMPORT(fd_sync);
u raw_fd_tell(u fd, u out) WASI_IMPORT(fd_tell);
u raw_fd_write(u fd, u iovs, u count, u out) WASI_IMPORT(fd_write);
u raw_path_create_directory(u fd, u path, u size) WASI_IMPORT(path_create_directory);
u raw_path_filestat_get(u fd, u flags, u path, u size, u out) WASI_IMPORT(path_filestat_get);
u raw_path_filestat_set_times(u fd, u flags, u path, u size, U atim, U mtim, u fst_flags)
	WASI_IMPORT(path_filestat_set_times);
u raw_path_link(u old_fd, u flags, u old_path, u old_size, u new_fd, u new_path, u new_size) WASI_IMPORT(path_link);
u raw_path_open(u fd, u dirflags, u path, u size, u oflags, U base, U inheriting, u fdflags, u out)
	WASI_IMPORT(path_open);
u raw_path_readlink(u fd, u path, u path_size, u buf, u size, u out) WASI_IMPORT(path_readlink);
u raw_path_remove_directory(u fd, u path, u size) WASI_IMPORT(path_remove_directory);
u raw_path_rename(u fd, u old_path, u old_size, u new_fd, u new_path, u new_size) WASI_IMPORT(path_rename);
u raw_path_symlink(u old_path, u old_size, u fd, u new_path, u new_size) WASI_IMPORT(path_symlink);
u raw_path_unlink_file(u fd, u path, u size) WASI_IMPORT(path_unlink_file);
u raw_poll_oneoff(u in, u out, u count, u events) WASI_IMPORT(poll_oneoff);
void raw_proc_exit(u code) WASI_IMPORT(proc_exit);
u raw_proc_raise(u signal) WASI_IMPORT(proc_raise);
u raw_sched_yield(void) WASI_IMPORT(sched_yield);
u raw_random_get(u buf, u size) WASI_IMPORT(random_get);
u raw_sock_accept(u fd, u flags, u out) WASI_IMPORT(sock_accept);
u raw_sock_recv(u fd, u iovs, u count, u flags, u out, u out_flags) WASI_IMPORT(sock_recv);
u raw_sock_send(u fd, u iovs, u count, u flags, u out) WASI_IMPORT(sock_send);
u raw_sock_shutdown(u fd, u how) WASI_IMPORT(sock_shutdown);

/* The first address beyond the memory. */
static inline uint32_t memory_end(void)
{
	return (uint32_t)__builtin_wasm_memory_size(0) * 65536u;
}

#endif
