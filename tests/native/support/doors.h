/* doors.h - the kernel's exports for guests, as a native caller sees them: each returns an error number (not negated).
 */
#ifndef HF_TEST_DOORS_H
#define HF_TEST_DOORS_H

#include <stdint.h>

/* wasi_snapshot_preview1 */
uint32_t hf_p1_args_get(uint32_t argv, uint32_t buffer);
uint32_t hf_p1_args_sizes_get(uint32_t count, uint32_t size);
uint32_t hf_p1_environ_get(uint32_t envp, uint32_t buffer);
uint32_t hf_p1_environ_sizes_get(uint32_t count, uint32_t size);
uint32_t hf_p1_clock_res_get(uint32_t id, uint32_t out);
uint32_t hf_p1_clock_time_get(uint32_t id, uint64_t precision, uint32_t out);
uint32_t hf_p1_fd_advise(uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice);
uint32_t hf_p1_fd_allocate(uint32_t fd, uint64_t offset, uint64_t size);
uint32_t hf_p1_fd_close(uint32_t fd);
uint32_t hf_p1_fd_datasync(uint32_t fd);
uint32_t hf_p1_fd_fdstat_get(uint32_t fd, uint32_t out);
uint32_t hf_p1_fd_fdstat_set_flags(uint32_t fd, uint32_t flags);
uint32_t hf_p1_fd_fdstat_set_rights(uint32_t fd, uint64_t rights, uint64_t inheriting);
uint32_t hf_p1_fd_filestat_get(uint32_t fd, uint32_t out);
uint32_t hf_p1_fd_filestat_set_size(uint32_t fd, uint64_t size);
uint32_t hf_p1_fd_filestat_set_times(uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags);
uint32_t hf_p1_fd_pread(uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
uint32_t hf_p1_fd_prestat_get(uint32_t fd, uint32_t out);
uint32_t hf_p1_fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t size);
uint32_t hf_p1_fd_pwrite(uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
uint32_t hf_p1_fd_read(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
uint32_t hf_p1_fd_readdir(uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out);
uint32_t hf_p1_fd_renumber(uint32_t from, uint32_t to);
uint32_t hf_p1_fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out);
uint32_t hf_p1_fd_sync(uint32_t fd);
uint32_t hf_p1_fd_tell(uint32_t fd, uint32_t out);
uint32_t hf_p1_fd_write(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
uint32_t hf_p1_path_create_directory(uint32_t fd, uint32_t path, uint32_t size);
uint32_t hf_p1_path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint32_t out);
uint32_t hf_p1_path_filestat_set_times(uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim,
                                       uint64_t mtim, uint32_t fst_flags);
uint32_t hf_p1_path_link(uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size, uint32_t new_fd,
                         uint32_t new_path, uint32_t new_size);
uint32_t hf_p1_path_open(uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags, uint64_t rights,
                         uint64_t inheriting, uint32_t fdflags, uint32_t out);
uint32_t hf_p1_path_readlink(uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size,
                             uint32_t out);
uint32_t hf_p1_path_remove_directory(uint32_t fd, uint32_t path, uint32_t size);
uint32_t hf_p1_path_rename(uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd, uint32_t new_path,
                           uint32_t new_size);
uint32_t hf_p1_path_symlink(uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size);
uint32_t hf_p1_path_unlink_file(uint32_t fd, uint32_t path, uint32_t size);
uint32_t hf_p1_poll_oneoff(uint32_t in, uint32_t out, uint32_t count, uint32_t events);
void hf_p1_proc_exit(uint32_t code);
uint32_t hf_p1_proc_raise(uint32_t signal);
uint32_t hf_p1_sched_yield(void);
uint32_t hf_p1_random_get(uint32_t buffer, uint32_t size);
uint32_t hf_p1_sock_recv(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size,
                         uint32_t out_flags);
uint32_t hf_p1_sock_send(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out_size);
uint32_t hf_p1_sock_shutdown(uint32_t fd, uint32_t how);
uint32_t hf_p1_sock_accept(uint32_t fd, uint32_t flags, uint32_t out);

/* wasi_unstable, where it differs */
uint32_t hf_un_fd_filestat_get(uint32_t fd, uint32_t out);
uint32_t hf_un_fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out);
uint32_t hf_un_path_filestat_get(uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint32_t out);
uint32_t hf_un_poll_oneoff(uint32_t in, uint32_t out, uint32_t count, uint32_t events);

#endif
