/* When a process has ended, a call that is still in progress finds no descriptor and cannot add one. */
#include "kernel/fdtable.h"

#include "fs/devfs.h"
#include "support/check.h"

#include <string.h>

static struct hf_file *open_null(void)
{
	struct hf_file *file;
	CHECK_OK(hf_file_open(hf_device(HF_DEV_NULL), HF_READ, 0, &file));
	return file;
}

static void check_names(struct hf_fdtable *table)
{
	static char name[HF_PATH_MAX + 1];
	memset(name, 'n', sizeof name);
	CHECK_EQ(hf_fd_insert_preopen(table, open_null(), NULL, 0, 0, 0), 0);
	CHECK_EQ(hf_fd_preopen_name(table, 0, NULL, 0), 0);
	CHECK_EQ(hf_fd_insert_preopen(table, open_null(), name, HF_PATH_MAX, 0, 0), 1);
	CHECK_EQ(hf_fd_preopen_name(table, 1, NULL, 0), HF_PATH_MAX);
	CHECK_ERR(hf_fd_insert_preopen(table, open_null(), name, HF_PATH_MAX + 1, 0, 0), -HF_ENAMETOOLONG);
}

int main(void)
{
	struct hf_fdtable table;
	struct hf_fd_view view;
	hf_fdtable_init(&table, 100);
	check_names(&table);
	for (int i = 2; i < 50; i++)
		CHECK_EQ(hf_fd_insert(&table, open_null(), HF_RIGHTS_ALL, 0), i);
	hf_fdtable_destroy(&table);
	CHECK_EQ(hf_fd_count(&table), 0);
	CHECK_ERR(hf_fd_insert(&table, open_null(), 0, 0), -HF_EBADF);
	CHECK_ERR(hf_fd_insert_preopen(&table, open_null(), "x", 1, 0, 0), -HF_EBADF);
	CHECK_ERR(hf_fd_get(&table, 0, 0, &view), -HF_EBADF);
	CHECK_ERR(hf_fd_close(&table, 0), -HF_EBADF);
	CHECK_ERR(hf_fd_renumber(&table, 0, 1), -HF_EBADF);
	CHECK_ERR(hf_fd_set_rights(&table, 0, 0, 0), -HF_EBADF);
	CHECK_ERR(hf_fd_preopen_name(&table, 0, NULL, 0), -HF_EBADF);
	hf_fdtable_destroy(&table);
	return done();
}
