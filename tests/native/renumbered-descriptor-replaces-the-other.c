/* fd_renumber: one descriptor takes the other's place, with its rights and its preopen's name; the one that was there is closed. */
#include "kernel/fdtable.h"

#include "fs/devfs.h"
#include "kernel/pipe.h"
#include "support/check.h"

static struct hf_file *open_null(void)
{
	struct hf_file *file;
	CHECK_OK(hf_file_open(hf_device(HF_DEV_NULL), HF_READ, 0, &file));
	return file;
}

int main(void)
{
	struct hf_fdtable table;
	struct hf_fd_view view;
	struct hf_pipe *pipe;
	struct hf_file *file, *moved = open_null();
	char name[9] = "........";
	bool hangup;
	hf_fdtable_init(&table, 10);
	CHECK_OK(hf_pipe_create(0, &pipe));
	CHECK_OK(hf_file_open_pipe(pipe, HF_READ, HF_FILETYPE_UNKNOWN, &file));
	CHECK_EQ(hf_fd_insert(&table, file, HF_RIGHT_FD_READ, 0), 0);
	CHECK_EQ(hf_fd_insert(&table, open_null(), 0, 0), 1);
	CHECK_EQ(hf_fd_insert_preopen(&table, moved, "/home", 5, HF_RIGHT_FD_WRITE, HF_RIGHT_FD_SEEK), 2);

	CHECK_ERR(hf_fd_renumber(&table, 2, 5), -HF_EBADF);
	CHECK_ERR(hf_fd_renumber(&table, 5, 2), -HF_EBADF);
	CHECK_ERR(hf_fd_renumber(&table, 2, UINT32_MAX), -HF_EBADF);
	CHECK_OK(hf_fd_renumber(&table, 2, 2));
	CHECK_OK(hf_fd_get(&table, 2, 0, &view));
	hf_fd_put(&view);

	CHECK_OK(hf_fd_renumber(&table, 2, 0));
	/* The pipe lost its reader. */
	CHECK_EQ(hf_pipe_poll_write(pipe, NULL, &hangup), 0);
	CHECK(hangup);
	CHECK_ERR(hf_fd_get(&table, 2, 0, &view), -HF_EBADF);
	CHECK_OK(hf_fd_get(&table, 0, HF_RIGHT_FD_WRITE, &view));
	CHECK(view.file == moved && view.rights == HF_RIGHT_FD_WRITE && view.inheriting == HF_RIGHT_FD_SEEK);
	hf_fd_put(&view);
	CHECK_EQ(hf_fd_preopen_name(&table, 0, name, 8), 5);
	CHECK_BYTES(name, "/home...", 8);
	CHECK_EQ(hf_fd_count(&table), 2);
	CHECK_EQ(hf_fd_insert(&table, open_null(), 0, 0), 2);
	hf_pipe_drop_writer(pipe);
	hf_fdtable_destroy(&table);
	return done();
}
