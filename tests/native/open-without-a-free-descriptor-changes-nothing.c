/* At the limit of descriptors path_open fails with EMFILE, and neither creates nor truncates a file. */
#include "support/program.h"

int main(void)
{
	struct program *program = program_begin();
	uint32_t limit = program->process->limits.fds, size;
	CHECK_OK(f_put(program->fs.root, "/full", "text"));
	for (uint32_t fd = 4; fd < limit; fd++)
		CHECK_EQ(open_path(program, "full", 0, HF_RIGHT_FD_READ, 0), fd);
	size = poke_text(program, 512, "new");
	CHECK_ERR(hf_p1_path_open(3, 0, 512, size, HF_OFLAG_CREAT, READ_WRITE, 0, 0, 64), HF_EMFILE);
	CHECK(!f_exists(program->fs.root, "/new"));
	size = poke_text(program, 512, "full");
	CHECK_ERR(hf_p1_path_open(3, 0, 512, size, HF_OFLAG_TRUNC, READ_WRITE, 0, 0, 64), HF_EMFILE);
	f_check_text(program->fs.root, "/full", "text");
	CHECK_ERR(hf_p1_fd_close(500), 0);
	CHECK_EQ(open_path(program, "full", HF_OFLAG_TRUNC, READ_WRITE, 0), 500);
	f_check_text(program->fs.root, "/full", "");
	program_end(program);
	return done();
}
