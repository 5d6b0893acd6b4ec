/* A link's target may become a file's name, so it must be text like a name: UTF-8 without a NUL. */
#include "support/program.h"

static uint32_t symlink(struct program *program, const char *target, uint32_t size)
{
	poke(program, 512, target, size);
	uint32_t path_size = poke_text(program, 1024, "link");
	return hf_p1_path_symlink(512, size, 3, 1024, path_size);
}

int main(void)
{
	struct program *program = program_begin();
	CHECK_ERR(symlink(program, "bad\xff", 4), HF_EILSEQ);
	CHECK_ERR(symlink(program, "cut\xe2\x82", 5), HF_EILSEQ);
	CHECK_ERR(symlink(program, "a\0b", 3), HF_EINVAL);
	CHECK_ERR(symlink(program, "", 0), HF_ENOENT);
	CHECK_ERR(symlink(program, "/absolute", 9), HF_EPERM);
	CHECK(!f_exists(program->fs.root, "/link"));
	CHECK_ERR(symlink(program, "n\xc3\xa4me", 5), 0);
	/* Created through the link. */
	uint32_t size = poke_text(program, 1024, "link");
	CHECK_ERR(hf_p1_path_open(3, HF_LOOKUP_SYMLINK_FOLLOW, 1024, size, HF_OFLAG_CREAT, READ_WRITE, 0, 0, 64), 0);
	CHECK(f_exists(program->fs.root, "/n\xc3\xa4me"));
	program_end(program);
	return done();
}
