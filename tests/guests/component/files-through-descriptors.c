/* wasi:filesystem: files, directories, links, sizes, streams and error codes, through descriptors.
 *
 * guest:
 *   dir: /work
 *   file: /work/old "old text"
 *   expect-stdout: "files are fine\n"
 */
#include "wasi2.h"

#define READ FILESYSTEM_DESCRIPTOR_FLAGS_READ
#define WRITE FILESYSTEM_DESCRIPTOR_FLAGS_WRITE
#define CREATE FILESYSTEM_OPEN_FLAGS_CREATE

static filesystem_borrow_descriptor_t root;
static filesystem_error_code_t error;

static bool try_open(const char *path, filesystem_open_flags_t how, filesystem_descriptor_flags_t flags,
                     filesystem_own_descriptor_t *made)
{
	wasip2_string_t name = text(path);
	return filesystem_method_descriptor_open_at(root, FILESYSTEM_PATH_FLAGS_SYMLINK_FOLLOW, &name, how, flags, made,
	                                            &error);
}

static filesystem_own_descriptor_t open_(const char *path, filesystem_open_flags_t how,
                                         filesystem_descriptor_flags_t flags)
{
	filesystem_own_descriptor_t made;
	CHECK(try_open(path, how, flags, &made));
	return made;
}

static filesystem_descriptor_stat_t stat_(const char *path)
{
	wasip2_string_t name = text(path);
	filesystem_descriptor_stat_t stat;
	CHECK(filesystem_method_descriptor_stat_at(root, 0, &name, &stat, &error));
	return stat;
}

/* Checks the file's contents. */
static void check_content(filesystem_borrow_descriptor_t file, const char *expected)
{
	wasip2_tuple2_list_u8_bool_t got;
	CHECK(filesystem_method_descriptor_read(file, 1000, 0, &got, &error));
	CHECK_EQ(got.f0.len, strlen(expected));
	CHECK(memcmp(got.f0.ptr, expected, got.f0.len) == 0);
	wasip2_list_u8_free(&got.f0);
	CHECK(filesystem_method_descriptor_read(file, 10, strlen(expected), &got, &error));
	CHECK(got.f0.len == 0 && got.f1);
	wasip2_list_u8_free(&got.f0);
}

static void check_writing(void)
{
	filesystem_own_descriptor_t own = open_("new", CREATE, READ | WRITE);
	filesystem_borrow_descriptor_t file = filesystem_borrow_descriptor(own);
	wasip2_string_t words = text("0123456789");
	wasip2_list_u8_t bytes = {.ptr = words.ptr, .len = words.len};
	uint64_t written;
	CHECK(filesystem_method_descriptor_write(file, &bytes, 2, &written, &error));
	CHECK_EQ(written, 10);
	CHECK_EQ(stat_("new").size, 12);
	CHECK_EQ(stat_("new").type, FILESYSTEM_DESCRIPTOR_TYPE_REGULAR_FILE);
	CHECK(filesystem_method_descriptor_set_size(file, 4, &error));
	CHECK_EQ(stat_("new").size, 4);

	streams_own_output_stream_t stream;
	CHECK(filesystem_method_descriptor_write_via_stream(file, 0, &stream, &error));
	put(streams_borrow_output_stream(stream), "ab");
	streams_output_stream_drop_own(stream);
	CHECK(filesystem_method_descriptor_append_via_stream(file, &stream, &error));
	put(streams_borrow_output_stream(stream), "cd");
	streams_output_stream_drop_own(stream);
	check_content(file, "ab01cd");
	CHECK(filesystem_method_descriptor_sync(file, &error));
	CHECK(filesystem_method_descriptor_sync_data(file, &error));
	filesystem_descriptor_drop_own(own);
}

static void check_streams(void)
{
	filesystem_own_descriptor_t own = open_("old", 0, READ);
	streams_own_input_stream_t stream;
	CHECK(filesystem_method_descriptor_read_via_stream(filesystem_borrow_descriptor(own), 4, &stream, &error));
	filesystem_descriptor_drop_own(own); /* the stream keeps the file */
	wasip2_list_u8_t got;
	streams_stream_error_t closed;
	CHECK(streams_method_input_stream_blocking_read(streams_borrow_input_stream(stream), 100, &got, &closed));
	CHECK(got.len == 4 && memcmp(got.ptr, "text", 4) == 0);
	wasip2_list_u8_free(&got);
	CHECK(!streams_method_input_stream_blocking_read(streams_borrow_input_stream(stream), 100, &got, &closed));
	CHECK_EQ(closed.tag, STREAMS_STREAM_ERROR_CLOSED);
	streams_input_stream_drop_own(stream);
}

static void check_names(void)
{
	wasip2_string_t dir = text("dir"), inside = text("dir/moved"), fresh = text("new"), link = text("link");
	CHECK(filesystem_method_descriptor_create_directory_at(root, &dir, &error));
	CHECK_ERROR(filesystem_method_descriptor_create_directory_at(root, &dir, &error), FILESYSTEM_ERROR_CODE_EXIST);
	CHECK(filesystem_method_descriptor_rename_at(root, &fresh, root, &inside, &error));
	CHECK_ERROR(filesystem_method_descriptor_rename_at(root, &fresh, root, &inside, &error),
	            FILESYSTEM_ERROR_CODE_NO_ENTRY);
	CHECK_ERROR(filesystem_method_descriptor_remove_directory_at(root, &dir, &error), FILESYSTEM_ERROR_CODE_NOT_EMPTY);

	CHECK(filesystem_method_descriptor_symlink_at(root, &inside, &link, &error));
	CHECK_EQ(stat_("link").type, FILESYSTEM_DESCRIPTOR_TYPE_SYMBOLIC_LINK);
	wasip2_string_t target;
	CHECK(filesystem_method_descriptor_readlink_at(root, &link, &target, &error));
	CHECK(equals(target, "dir/moved"));
	wasip2_string_free(&target);

	filesystem_own_descriptor_t a = open_("link", 0, READ), b = open_("dir/moved", 0, READ), c = open_("old", 0, READ);
	CHECK(
		filesystem_method_descriptor_is_same_object(filesystem_borrow_descriptor(a), filesystem_borrow_descriptor(b)));
	CHECK(
		!filesystem_method_descriptor_is_same_object(filesystem_borrow_descriptor(a), filesystem_borrow_descriptor(c)));
	filesystem_metadata_hash_value_t x, y;
	CHECK(filesystem_method_descriptor_metadata_hash(filesystem_borrow_descriptor(a), &x, &error));
	CHECK(filesystem_method_descriptor_metadata_hash_at(root, 0, &inside, &y, &error));
	CHECK(x.lower == y.lower && x.upper == y.upper);
	filesystem_descriptor_drop_own(a);
	filesystem_descriptor_drop_own(b);
	filesystem_descriptor_drop_own(c);

	CHECK(filesystem_method_descriptor_unlink_file_at(root, &link, &error));
	CHECK(filesystem_method_descriptor_unlink_file_at(root, &inside, &error));
	CHECK(filesystem_method_descriptor_remove_directory_at(root, &dir, &error));
}

static void check_listing(void)
{
	for (int i = 0; i < 300; i++) {
		char name[16];
		snprintf(name, sizeof name, "entry-%d", i);
		filesystem_descriptor_drop_own(open_(name, CREATE, WRITE));
	}
	filesystem_own_directory_entry_stream_t stream;
	CHECK(filesystem_method_descriptor_read_directory(root, &stream, &error));
	int seen = 0, others = 0;
	for (;;) {
		filesystem_option_directory_entry_t entry;
		CHECK(filesystem_method_directory_entry_stream_read_directory_entry(
			filesystem_borrow_directory_entry_stream(stream), &entry, &error));
		if (!entry.is_some)
			break;
		CHECK_EQ(entry.val.type, FILESYSTEM_DESCRIPTOR_TYPE_REGULAR_FILE);
		if (entry.val.name.len > 6 && memcmp(entry.val.name.ptr, "entry-", 6) == 0)
			seen++;
		else
			others++;
		filesystem_option_directory_entry_free(&entry);
	}
	CHECK_EQ(seen, 300);
	CHECK_EQ(others, 1);
	filesystem_directory_entry_stream_drop_own(stream);
}

static void check_errors(void)
{
	filesystem_own_descriptor_t made;
	CHECK_ERROR(try_open("nothing", 0, READ, &made), FILESYSTEM_ERROR_CODE_NO_ENTRY);
	CHECK_ERROR(try_open("old", FILESYSTEM_OPEN_FLAGS_DIRECTORY, READ, &made), FILESYSTEM_ERROR_CODE_NOT_DIRECTORY);
	CHECK_ERROR(try_open("old", CREATE | FILESYSTEM_OPEN_FLAGS_EXCLUSIVE, WRITE, &made), FILESYSTEM_ERROR_CODE_EXIST);
	CHECK_ERROR(try_open("../outside", 0, READ, &made), FILESYSTEM_ERROR_CODE_NOT_PERMITTED);
	CHECK_ERROR(try_open("/work/old", 0, READ, &made), FILESYSTEM_ERROR_CODE_NOT_PERMITTED);
	wasip2_string_t name = text("nothing");
	CHECK_ERROR(filesystem_method_descriptor_unlink_file_at(root, &name, &error), FILESYSTEM_ERROR_CODE_NO_ENTRY);
}

int main(void)
{
	filesystem_preopens_list_tuple2_own_descriptor_string_t preopens;
	filesystem_preopens_get_directories(&preopens);
	CHECK_EQ(preopens.len, 1);
	CHECK(equals(preopens.ptr[0].f1, "/work"));
	root = filesystem_borrow_descriptor(preopens.ptr[0].f0);
	filesystem_descriptor_type_t type;
	CHECK(filesystem_method_descriptor_get_type(root, &type, &error));
	CHECK_EQ(type, FILESYSTEM_DESCRIPTOR_TYPE_DIRECTORY);
	check_writing();
	check_streams();
	check_names();
	check_errors();
	check_listing();
	puts("files are fine");
	return 0;
}
