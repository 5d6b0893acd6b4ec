/* Counts and sizes whose sum or product would overflow are refused, regardless of the memory at the resulting address. */
#include "platform/alloc.h"
#include "support/program.h"

static struct program *program;

/* Four gigabytes, of which only the test's two pages are really there: whatever passes the check would be copied. */
static void claim_all_memory(void)
{
	program->guest->pages = 65536;
	program->thread->mem.known_size = (hf_counter){0};
}

static void check_vectors(uint32_t file)
{
	poke_iov(program, 256, 0, 16);
	CHECK_ERR(hf_p1_fd_write(file, 256, HF_IOV_MAX + 1, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_write(file, 256, UINT32_MAX, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_write(file, 256, UINT32_MAX / 8 + 2, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_write(file, GUEST_SIZE - HF_IOV_MAX * 8 + 8, HF_IOV_MAX, 64), HF_EFAULT);
	/* More bytes in total than their count can express. */
	claim_all_memory();
	for (uint32_t i = 0; i < 4; i++)
		poke_iov(program, 256 + i * 8, 0, UINT32_MAX / 2);
	CHECK_ERR(hf_p1_fd_write(file, 256, 4, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_pread(file, 256, 4, 0, 64), HF_EINVAL);
	/* A vector that begins below the end of four gigabytes and would go on at the start of memory. */
	CHECK_ERR(hf_p1_fd_write(file, UINT32_MAX - 127, 17, 64), HF_EFAULT);
	CHECK_ERR(hf_p1_fd_write(file, UINT32_MAX - 7, 2, 64), HF_EFAULT);
	poke_iov(program, 256, UINT32_MAX - 7, 9);
	CHECK_ERR(hf_p1_fd_write(file, 256, 1, 64), HF_EFAULT);
	program->guest->pages = 2;
	program->thread->mem.known_size = (hf_counter){0};
}

static void check_polls(void)
{
	const uint32_t most = program->process->limits.poll_subscriptions;
	CHECK_ERR(hf_p1_poll_oneoff(0, 0, 0, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_poll_oneoff(0, 0, most + 1, 64), HF_ENOMEM);
	CHECK_ERR(hf_p1_poll_oneoff(0, 0, UINT32_MAX, 64), HF_ENOMEM);
	CHECK_ERR(hf_p1_poll_oneoff(0, 0, UINT32_MAX / 48 + 2, 64), HF_ENOMEM);
	CHECK_ERR(hf_p1_poll_oneoff(0, 0, most, 64), HF_EFAULT);
	CHECK_ERR(hf_un_poll_oneoff(0, 0, most, 64), HF_EFAULT);
	claim_all_memory();
	CHECK_ERR(hf_p1_poll_oneoff(UINT32_MAX - 95, 0, 3, 64), HF_EFAULT);
	CHECK_ERR(hf_p1_poll_oneoff(0, UINT32_MAX - 63, 3, 64), HF_EFAULT);
	program->guest->pages = 2;
	program->thread->mem.known_size = (hf_counter){0};
}

static void check_paths(void)
{
	CHECK_ERR(hf_p1_path_create_directory(3, 0, HF_PATH_MAX + 1), HF_ENAMETOOLONG);
	CHECK_ERR(hf_p1_path_create_directory(3, 0, UINT32_MAX), HF_ENAMETOOLONG);
	CHECK_ERR(hf_p1_path_symlink(0, UINT32_MAX, 3, 0, 1), HF_ENAMETOOLONG);
	CHECK_ERR(hf_p1_fd_readdir(3, 4, UINT32_MAX, 0, 64), HF_EFAULT);
	CHECK_ERR(hf_p1_random_get(4, UINT32_MAX), HF_EFAULT);
	CHECK_ERR(hf_p1_fd_prestat_dir_name(3, UINT32_MAX, UINT32_MAX), HF_EFAULT);
	/* A larger buffer than there is will do, as long as the name fits. */
	CHECK_ERR(hf_p1_fd_prestat_dir_name(3, 64, UINT32_MAX), 0);
}

static void check_offsets(uint32_t file)
{
	poke_iov(program, 256, 512, 1);
	CHECK_ERR(hf_p1_fd_pread(file, 256, 1, UINT64_MAX, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_pwrite(file, 256, 1, (uint64_t)INT64_MAX + 1, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_pwrite(file, 256, 1, INT64_MAX, 64), HF_EFBIG);
	CHECK_ERR(hf_p1_fd_filestat_set_size(file, UINT64_MAX), HF_EFBIG);
	CHECK_ERR(hf_p1_fd_allocate(file, UINT64_MAX, UINT64_MAX), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_allocate(file, INT64_MAX, 2), HF_EFBIG);
	CHECK_ERR(hf_p1_fd_allocate(file, 0, INT64_MAX), HF_ENOSPC);
	CHECK_ERR(hf_p1_fd_advise(file, UINT64_MAX, 0, 0), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_filestat_set_times(file, 0, 0, UINT32_MAX), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_fdstat_set_flags(file, UINT32_MAX), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_fdstat_set_rights(file, UINT64_MAX, 0), HF_ENOTCAPABLE);
	CHECK_ERR(hf_p1_path_open(3, 0, 512, 1, UINT32_MAX, 0, 0, 0, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_path_open(3, 0, 512, 1, 0, 0, 0, 0x10000, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_fd_seek(file, 0, 3, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_clock_time_get(4, 0, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_clock_time_get(UINT32_MAX, 0, 64), HF_EINVAL);
	CHECK_ERR(hf_p1_proc_raise(UINT32_MAX), HF_EINVAL);
}

static void check_descriptors(void)
{
	static const uint32_t wrong[] = {99, 1024, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};
	for (unsigned i = 0; i < 5; i++) {
		CHECK_ERR(hf_p1_fd_close(wrong[i]), HF_EBADF);
		CHECK_ERR(hf_p1_fd_renumber(0, wrong[i]), HF_EBADF);
		CHECK_ERR(hf_p1_fd_renumber(wrong[i], 0), HF_EBADF);
		CHECK_ERR(hf_p1_fd_fdstat_get(wrong[i], 64), HF_EBADF);
		CHECK_ERR(hf_p1_fd_read(wrong[i], 256, 0, 64), HF_EBADF);
		CHECK_ERR(hf_p1_path_unlink_file(wrong[i], 0, 1), HF_EBADF);
		CHECK_ERR(hf_p1_fd_prestat_get(wrong[i], 64), HF_EBADF);
		CHECK_ERR(hf_p1_sock_accept(wrong[i], 0, 64), HF_EBADF);
	}
}

int main(void)
{
	/* Anything that is not refused at once would hit this limit instead of using up the machine's memory. */
	hf_alloc_set_limit(16 << 20);
	program = program_begin();
	uint32_t file = open_path(program, "file", HF_OFLAG_CREAT, READ_WRITE, 0);
	check_vectors(file);
	check_polls();
	check_paths();
	check_offsets(file);
	check_descriptors();
	program_end(program);
	return done();
}
