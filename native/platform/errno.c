/* errno.c - names and meanings of error numbers, from errno.def. */
#include <holdfast/errno.h>

const char *hf_errno_name(int errnum)
{
	switch (errnum) {
#define X(name, value, doc) \
	case value:             \
		return #name;
#include <holdfast/errno.def>
#undef X
	default:
		return "EUNKNOWN";
	}
}

const char *hf_errno_text(int errnum)
{
	switch (errnum) {
#define X(name, value, doc) \
	case value:             \
		return doc;
#include <holdfast/errno.def>
#undef X
	default:
		return "Unknown error";
	}
}
