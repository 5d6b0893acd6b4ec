/* Threads of one process open, look up, renumber and close the same descriptors, until the table is destroyed while they use it. */
#include "kernel/fdtable.h"

#include "support/pipes.h"

#define THREADS 4
#define LIMIT 24

static struct budget budget = {.milliseconds = 1000};
static struct hf_fdtable table;
static struct hf_pipe *pipe;
static _Atomic uint64_t opened, full;
static hf_word destroyed;

static void insert(uint64_t *seed)
{
	struct hf_file *file;
	hf_pipe_hold_reader(pipe);
	CHECK_OK(hf_file_open_pipe(pipe, HF_READ, HF_FILETYPE_UNKNOWN, &file));
	int fd = random_below(seed, 2) ? hf_fd_insert(&table, file, HF_RIGHTS_ALL, 0)
	                               : hf_fd_insert_preopen(&table, file, "name", 4, HF_RIGHTS_ALL, 0);
	CHECK((fd >= 0 && fd < LIMIT) || fd == -HF_EMFILE || (fd == -HF_EBADF && atomic_load(&destroyed)));
	atomic_fetch_add(fd == -HF_EMFILE ? &full : &opened, 1);
}

static void look(uint32_t fd)
{
	struct hf_fd_view view;
	struct hf_attr attr;
	uint64_t bytes;
	if (hf_fd_get(&table, fd, HF_RIGHT_FD_READ, &view) < 0)
		return;
	/* It stays open while we use it, even if another thread closes the descriptor. */
	CHECK_OK(view.file->ops->getattr(view.file, &attr));
	CHECK(view.owned && attr.ino == pipe->ino);
	CHECK_EQ(view.file->ops->poll(view.file, HF_READY_IN, NULL, &bytes), 0);
	hf_fd_put(&view);
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	while (time_left(&budget)) {
		uint32_t fd = random_below(&seed, LIMIT);
		char name[4];
		switch (random_below(&seed, 6)) {
		case 0:
			insert(&seed);
			break;
		case 1:
			(void)!hf_fd_close(&table, fd);
			break;
		case 2:
			(void)!hf_fd_renumber(&table, fd, random_below(&seed, LIMIT));
			break;
		case 3:
			(void)!hf_fd_preopen_name(&table, fd, name, 4);
			break;
		default:
			look(fd);
		}
	}
	if (number == 0) {
		atomic_store(&destroyed, 1);
		hf_fdtable_destroy(&table);
	}
	for (int i = 0; i < 200; i++) {
		insert(&seed);
		look(random_below(&seed, LIMIT));
	}
}

int main(void)
{
	pipe = pipe_begin(0);
	hf_fdtable_init(&table, LIMIT);
	table.shared = true;
	in_threads(THREADS, hammer, NULL);
	CHECK(opened > 100 && full > 0);
	CHECK_EQ(hf_fd_count(&table), 0);
	CHECK_EQ(pipe->readers, 1);
	pipe_end(pipe);
	return done();
}
