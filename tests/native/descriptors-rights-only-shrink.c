/* Rights can be given up but never regained; a call that lacks one gets the errno that POSIX uses for the same mistake. */
#include "kernel/fdtable.h"

#include "fs/devfs.h"
#include "kernel/pipe.h"
#include "support/check.h"

static int get(struct hf_fdtable *table, uint32_t fd, uint64_t rights)
{
	struct hf_fd_view view;
	int result = hf_fd_get(table, fd, rights, &view);
	if (result == 0)
		hf_fd_put(&view);
	return result;
}

int main(void)
{
	struct hf_fdtable table;
	struct hf_file *null, *stream;
	struct hf_pipe *pipe;
	char name[4];
	hf_fdtable_init(&table, 10);
	CHECK_OK(hf_file_open(hf_device(HF_DEV_NULL), HF_READ, 0, &null));
	CHECK_OK(hf_pipe_create(0, &pipe));
	CHECK_OK(hf_file_open_pipe(pipe, HF_WRITE, HF_FILETYPE_UNKNOWN, &stream));
	CHECK_EQ(hf_fd_insert(&table, null, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK, HF_RIGHT_FD_WRITE), 0);
	CHECK_EQ(hf_fd_insert(&table, stream, HF_RIGHT_FD_WRITE, 0), 1);

	CHECK_OK(get(&table, 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK));
	CHECK_ERR(get(&table, 0, HF_RIGHT_FD_WRITE), -HF_EBADF);
	CHECK_ERR(get(&table, 0, HF_RIGHT_FD_SYNC), -HF_ENOTCAPABLE);
	CHECK_OK(get(&table, 0, HF_RIGHT_FD_TELL)); /* implied by the right to seek */
	CHECK_ERR(get(&table, 1, HF_RIGHT_FD_TELL), -HF_ESPIPE);
	CHECK_ERR(get(&table, 1, HF_RIGHT_FD_READ), -HF_EBADF);
	CHECK_ERR(get(&table, 1, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK), -HF_EBADF);
	CHECK_ERR(get(&table, 2, 0), -HF_EBADF);

	CHECK_ERR(hf_fd_set_rights(&table, 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE, 0), -HF_ENOTCAPABLE);
	CHECK_ERR(hf_fd_set_rights(&table, 0, 0, HF_RIGHT_FD_READ), -HF_ENOTCAPABLE);
	CHECK_ERR(hf_fd_set_rights(&table, 0, UINT64_MAX, 0), -HF_ENOTCAPABLE);
	CHECK_OK(get(&table, 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK));
	CHECK_OK(hf_fd_set_rights(&table, 0, HF_RIGHT_FD_READ, 0));
	CHECK_ERR(get(&table, 0, HF_RIGHT_FD_SEEK), -HF_ENOTCAPABLE);
	CHECK_ERR(get(&table, 0, HF_RIGHT_FD_TELL), -HF_ENOTCAPABLE);
	CHECK_ERR(hf_fd_set_rights(&table, 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK, 0), -HF_ENOTCAPABLE);
	CHECK_ERR(hf_fd_set_rights(&table, 9, 0, 0), -HF_EBADF);

	CHECK_ERR(hf_fd_preopen_name(&table, 0, name, 4), -HF_EINVAL);
	CHECK_ERR(hf_fd_preopen_name(&table, 9, name, 4), -HF_EBADF);
	hf_fdtable_destroy(&table);
	hf_pipe_drop_reader(pipe);
	return done();
}
