/* A directory of the OS is copied in and out unchanged: nested directories, contents, symbolic links as they are, and two names of one
 * file; a pipe is skipped, and files without write permission are read-only; a missing source, or a target that exists, is refused. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/path.h"
#include "support/by_hand.h"

static char top[64];

/* The last eight results stay valid. */
static const char *at(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, 128, "%s/%s", top, name);
	return path;
}

enum { MANY = 100 };

/* The last eight results stay valid, too. */
static const char *numbered(const char *name, int number)
{
	static char names[8][32];
	static unsigned next;
	char *to = names[next++ % 8];
	snprintf(to, 32, "%s%d", name, number);
	return to;
}

static void put(const char *name, const char *text, size_t size)
{
	FILE *file = fopen(at(name), "w");
	CHECK(file);
	CHECK_EQ(fwrite(text, 1, size, file), size);
	CHECK_EQ(fclose(file), 0);
}

static void expect(const char *name, const char *text, size_t size)
{
	static char got[200001];
	FILE *file = fopen(at(name), "r");
	CHECK(file);
	CHECK_EQ(fread(got, 1, sizeof got, file), size);
	CHECK(memcmp(got, text, size) == 0);
	CHECK_EQ(fclose(file), 0);
}

static bool is_read_only(const char *path)
{
	struct hf_path found;
	CHECK_OK(hf_path_walk(hf_host_root(), path, strlen(path), HF_PATH_ROOTED, &found));
	bool read_only = hf_vnode_is_read_only(found.vnode);
	hf_path_release(&found);
	return read_only;
}

static uint64_t links_of(const char *path)
{
	struct hf_path found;
	struct hf_attr attr;
	CHECK_OK(hf_path_walk(hf_host_root(), path, strlen(path), HF_PATH_ROOTED, &found));
	CHECK_OK(found.vnode->ops->getattr(found.vnode, &attr));
	hf_path_release(&found);
	return attr.nlink;
}

int main(void)
{
	static char large[200000];
	char target[16] = "";
	memset(large, 'x', sizeof large);
	snprintf(top, sizeof top, "/tmp/holdfast-test-XXXXXX");
	CHECK(mkdtemp(top));
	CHECK_EQ(mkdir(at("in"), 0777), 0);
	CHECK_EQ(mkdir(at("in/deep"), 0777), 0);
	CHECK_EQ(mkdir(at("in/deep/empty"), 0777), 0);
	put("in/small", "text", 4);
	put("in/deep/large", large, sizeof large);
	CHECK_EQ(link(at("in/small"), at("in/deep/again")), 0);
	CHECK_EQ(symlink("../nowhere", at("in/deep/link")), 0);
	CHECK_EQ(mkdir(at("in/many"), 0777), 0);
	for (int i = 0; i < MANY; i++) {
		put(numbered("in/many/a", i), numbered("text ", i), strlen(numbered("text ", i)));
		CHECK_EQ(link(at(numbered("in/many/a", i)), at(numbered("in/many/b", i))), 0);
	}

	CHECK_EQ(mkfifo(at("in/pipe"), 0666), 0);
	CHECK_EQ(chmod(at("in/deep/large"), 0444), 0);
	bool writable = access(at("in/deep/large"), W_OK) == 0; /* root may write everything */

	CHECK_OK(hf_host_start(0));
	CHECK_OK(hf_host_copy_in(at("in"), "/made/here"));
	CHECK_EQ(links_of("/made/here/small"), 2);
	CHECK_EQ(links_of("/made/here/deep/large"), 1);
	CHECK_EQ(is_read_only("/made/here/deep/large"), !writable);
	CHECK(!is_read_only("/made/here/small") && !is_read_only("/made/here"));
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(links_of(numbered("/made/here/many/b", i)), 2);
	CHECK_ERR(hf_host_copy_in(at("absent"), "/made/there"), -HF_ENOENT);
	CHECK_ERR(hf_host_copy_in(at("in"), "/made/here"), -HF_EEXIST);

	CHECK_OK(hf_host_copy_out("/made/here", at("out")));
	expect("out/small", "text", 4);
	expect("out/deep/again", "text", 4);
	expect("out/deep/large", large, sizeof large);
	for (int i = 0; i < MANY; i++) {
		expect(numbered("out/many/a", i), numbered("text ", i), strlen(numbered("text ", i)));
		expect(numbered("out/many/b", i), numbered("text ", i), strlen(numbered("text ", i)));
	}
	CHECK(access(at("out/pipe"), F_OK) < 0);
	CHECK_EQ(unlink(at("in/pipe")), 0);
	CHECK_EQ(readlink(at("out/deep/link"), target, sizeof target), 10);
	CHECK(strcmp(target, "../nowhere") == 0);
	CHECK_EQ(rmdir(at("out/deep/empty")), 0);
	CHECK_ERR(hf_host_copy_out("/made/here", at("out")), -HF_EEXIST);
	CHECK_ERR(hf_host_copy_out("/made/nothing", at("other")), -HF_ENOENT);
	hf_host_stop();

	const char *const files[] = {"in/small",  "in/deep/large",  "in/deep/again",  "in/deep/link",
	                             "out/small", "out/deep/large", "out/deep/again", "out/deep/link"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		CHECK_EQ(unlink(at(files[i])), 0);
	const char *const many[] = {"in/many/a", "in/many/b", "out/many/a", "out/many/b"};
	for (int i = 0; i < 4 * MANY; i++)
		CHECK_EQ(unlink(at(numbered(many[i % 4], i / 4))), 0);
	const char *const directories[] = {"in/deep/empty", "in/deep", "in/many", "in", "out/deep", "out/many", "out", ""};
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
		CHECK_EQ(rmdir(at(directories[i])), 0);
	return done();
}
