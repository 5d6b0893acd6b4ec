/* A new descriptor is the lowest that is free; beyond the limit the insertion fails with EMFILE, and closes the file that was to be inserted. */
#include "kernel/fdtable.h"

#include "fs/devfs.h"
#include "support/check.h"

#define LIMIT 40

static struct hf_file *open_null(void)
{
	struct hf_file *file;
	CHECK_OK(hf_file_open(hf_device(HF_DEV_NULL), HF_READ, 0, &file));
	return file;
}

static int insert(struct hf_fdtable *table)
{
	return hf_fd_insert(table, open_null(), HF_RIGHTS_ALL, 0);
}

static void check_against_model(struct hf_fdtable *table)
{
	bool open[LIMIT] = {false};
	uint64_t seed = random_seed();
	uint32_t count = 0;
	for (int i = 0; i < 20000; i++) {
		uint32_t fd = random_below(&seed, LIMIT + 2);
		if (random_below(&seed, 2)) {
			CHECK_ERR(hf_fd_close(table, fd), fd < LIMIT && open[fd] ? 0 : -HF_EBADF);
			if (fd < LIMIT && open[fd]) {
				open[fd] = false;
				count--;
			}
		} else {
			int lowest = 0;
			while (lowest < LIMIT && open[lowest])
				lowest++;
			CHECK_ERR(hf_fd_check_room(table), lowest == LIMIT ? -HF_EMFILE : 0);
			CHECK_ERR(insert(table), lowest == LIMIT ? -HF_EMFILE : lowest);
			if (lowest < LIMIT) {
				open[lowest] = true;
				count++;
			}
		}
		CHECK_EQ(hf_fd_count(table), count);
	}
}

/* No other call gets a reserved descriptor, even at the limit. */
static void check_reserved(void)
{
	struct hf_fdtable table;
	hf_fdtable_init(&table, 20);
	CHECK_OK(hf_fd_reserve(&table));
	for (int fd = 0; fd < 19; fd++)
		CHECK_EQ(insert(&table), fd);
	CHECK_ERR(insert(&table), -HF_EMFILE);
	CHECK_ERR(hf_fd_reserve(&table), -HF_EMFILE);
	CHECK_EQ(hf_fd_insert_reserved(&table, open_null(), 0, 0), 19);
	CHECK_ERR(insert(&table), -HF_EMFILE);
	CHECK_OK(hf_fd_close(&table, 7));
	CHECK_OK(hf_fd_reserve(&table));
	CHECK_ERR(insert(&table), -HF_EMFILE);
	hf_fd_unreserve(&table);
	CHECK_EQ(insert(&table), 7);
	/* The table is destroyed while another thread holds a reservation. */
	CHECK_OK(hf_fd_close(&table, 7));
	CHECK_OK(hf_fd_reserve(&table));
	hf_fdtable_destroy(&table);
	CHECK_ERR(hf_fd_insert_reserved(&table, open_null(), 0, 0), -HF_EBADF);
}

int main(void)
{
	check_reserved();
	struct hf_fdtable table;
	hf_fdtable_init(&table, LIMIT);
	for (int i = 0; i < LIMIT; i++)
		CHECK_EQ(insert(&table), i);
	CHECK_ERR(insert(&table), -HF_EMFILE);
	CHECK_ERR(hf_fd_insert_preopen(&table, open_null(), "x", 1, 0, 0), -HF_EMFILE);
	CHECK_OK(hf_fd_close(&table, 7));
	CHECK_OK(hf_fd_close(&table, 3));
	CHECK_EQ(insert(&table), 3);
	CHECK_EQ(insert(&table), 7);
	CHECK_ERR(insert(&table), -HF_EMFILE);
	for (uint32_t fd = 0; fd < LIMIT; fd++)
		CHECK_OK(hf_fd_close(&table, fd));
	CHECK_ERR(hf_fd_close(&table, 0), -HF_EBADF);
	CHECK_ERR(hf_fd_close(&table, UINT32_MAX), -HF_EBADF);
	check_against_model(&table);
	hf_fdtable_destroy(&table);

	/* A table that allows no descriptors. */
	hf_fdtable_init(&table, 0);
	CHECK_ERR(insert(&table), -HF_EMFILE);
	hf_fdtable_destroy(&table);
	return done();
}
