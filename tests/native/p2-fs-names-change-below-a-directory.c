/* The methods that create, move and remove names: what they do, their errors, and that none leaves its directory. The expectations are those of the
 * official suite (filesystem-mkdir-rmdir, -rename, -hard-links, -unlink-errors). */
#include "support/p2_fs.h"

static uint32_t root;

#define MKDIR(path, code) STATUS(hf_p2_create_directory_at(component->b, root, AT(path), P2_OUT), code)
#define RMDIR(path, code) STATUS(hf_p2_remove_directory_at(component->b, root, AT(path), P2_OUT), code)
#define UNLINK(path, code) STATUS(hf_p2_unlink_file_at(component->b, root, AT(path), P2_OUT), code)
#define MOVE(from, to, code) STATUS(hf_p2_rename_at(component->b, root, AT(from), root, TO(to), P2_OUT), code)
#define LINK(flags, from, to, code) \
	STATUS(hf_p2_link_at(component->b, root, flags, AT(from), root, TO(to), P2_OUT), code)
#define SYMLINK(target, path, code) STATUS(hf_p2_symlink_at(component->b, root, TO(target), AT(path), P2_OUT), code)
#define READLINK(path, code) FS_IS(4, hf_p2_readlink_at(component->b, root, AT(path), P2_OUT), code)

static void directories(struct p2_program *component)
{
	MKDIR("", FS_NO_ENTRY);
	MKDIR(".", FS_EXIST);
	MKDIR("..", FS_NOT_PERMITTED);
	MKDIR("/", FS_NOT_PERMITTED);
	MKDIR("../q", FS_NOT_PERMITTED);
	MKDIR("out/q", FS_NOT_PERMITTED);
	MKDIR("a", FS_EXIST);
	MKDIR("q", FS_OK);
	MKDIR("q/r/", FS_OK);
	RMDIR("q", FS_NOT_EMPTY);
	RMDIR("q/../../q", FS_NOT_PERMITTED);
	RMDIR("q/r/", FS_OK);
	RMDIR("q", FS_OK);
	RMDIR("", FS_NO_ENTRY);
	RMDIR(".", FS_INVALID);
	RMDIR("..", FS_NOT_PERMITTED);
	RMDIR("a", FS_NOT_DIRECTORY);
	RMDIR("q", FS_NO_ENTRY);
	RMDIR("out", FS_NOT_DIRECTORY);
}

static void files(struct p2_program *component)
{
	UNLINK("", FS_NO_ENTRY);
	UNLINK(".", FS_IS_DIRECTORY);
	UNLINK("/a", FS_NOT_PERMITTED);
	UNLINK("out/a", FS_NOT_PERMITTED);
	UNLINK("z", FS_NO_ENTRY);
	UNLINK("d", FS_IS_DIRECTORY);
	LINK(0, ".", "foo", FS_NOT_PERMITTED);
	LINK(0, "d", "foo", FS_NOT_PERMITTED);
	LINK(0, "", "foo", FS_NO_ENTRY);
	LINK(0, "a", "", FS_NO_ENTRY);
	LINK(0, "a", "a", FS_EXIST);
	LINK(0, "/", "b", FS_NOT_PERMITTED);
	LINK(0, "a", "/b", FS_NOT_PERMITTED);
	LINK(0, "z", "b", FS_NO_ENTRY);
	LINK(0, "a", "b", FS_OK);
	UNLINK("b", FS_OK);
	/* A symbolic link itself, and its target. */
	LINK(0, "to-a", "b", FS_OK);
	READLINK("b", FS_OK);
	UNLINK("b", FS_OK);
	LINK(FOLLOW, "to-a", "b", FS_OK);
	READLINK("b", FS_INVALID);
	UNLINK("b", FS_OK);
}

static void moves(struct p2_program *component)
{
	MOVE("a", "a", FS_OK);
	MOVE("z", "q", FS_NO_ENTRY);
	MOVE(".", "q", FS_BUSY);
	MOVE("a", "../q", FS_NOT_PERMITTED);
	MOVE("a", "/q", FS_NOT_PERMITTED);
	MOVE("d", "d/e", FS_INVALID);
	MOVE("a", "d", FS_IS_DIRECTORY);
	MOVE("d", "a", FS_NOT_DIRECTORY);
	/* From one directory to another. */
	uint32_t dir = fs_open(component, root, "d", DIRECTORY, 0);
	STATUS(hf_p2_rename_at(component->b, root, AT("a"), dir, TO("b"), P2_OUT), FS_OK);
	MOVE("a", "b", FS_NO_ENTRY);
	STATUS(hf_p2_rename_at(component->b, dir, AT("b"), root, TO("a"), P2_OUT), FS_OK);
	fs_drop(component, dir);
	/* Not from or to a file. */
	uint32_t file = fs_open(component, root, "a", 0, 0);
	STATUS(hf_p2_rename_at(component->b, root, AT("a"), file, TO("b"), P2_OUT), FS_NOT_DIRECTORY);
	STATUS(hf_p2_rename_at(component->b, file, AT("a"), root, TO("b"), P2_OUT), FS_NOT_DIRECTORY);
	STATUS(hf_p2_create_directory_at(component->b, file, AT("a"), P2_OUT), FS_NOT_DIRECTORY);
	fs_drop(component, file);
}

static void symbolic_links(struct p2_program *component)
{
	SYMLINK("some/where", "new", FS_OK);
	SYMLINK("a", "new", FS_EXIST);
	SYMLINK("", "new2", FS_NO_ENTRY);
	SYMLINK("/a", "new2", FS_NOT_PERMITTED);
	SYMLINK("a", "../new2", FS_NOT_PERMITTED);
	READLINK("new", FS_OK);
	fs_list_is(component, 4, "some/where");
	READLINK("a", FS_INVALID);
	READLINK("z", FS_NO_ENTRY);
	/* "If the contents contain an absolute or rooted path [...], this function fails." */
	READLINK("absolute", FS_NOT_PERMITTED);
	UNLINK("new", FS_OK);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	directories(component);
	files(component);
	moves(component);
	symbolic_links(component);
}

int main(void)
{
	struct p2_program *component = p2_begin();
	struct hf_vnode *top = component->program->fs.root;
	CHECK_OK(f_put(top, "a", "text"));
	CHECK_OK(f_mkdir(top, "d"));
	CHECK_OK(f_symlink(top, "..", "out"));
	CHECK_OK(f_symlink(top, "a", "to-a"));
	CHECK_OK(f_symlink(top, "/a", "absolute"));
	p2_must_return(component, guest);
	return done();
}
