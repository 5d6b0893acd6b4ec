/* layouts_as_c.h - turns a file in the format of layouts.def into C declarations: define HF_LAYOUTS as the file's name, then include this. It has no
 * include guard, because it is included once for each of these files. */
#include <stdint.h>

/* clang-format off */
#define CONSTANT(name, value) enum { HF_##name = (value) };
#define TEXT(name, text) static const char HF_##name[] = text;
#define ENUM(name) enum hf_##name {
#define VALUE(name, value) HF_##name = (value),
#define END_ENUM };
#define STRUCT(name) struct hf_##name {
#define FIELD(type, name) type name;
#define END(name, size) }; _Static_assert(sizeof(struct hf_##name) == (size), #name " is as large as its fields together");
/* clang-format on */
#include HF_LAYOUTS
#undef HF_LAYOUTS
#undef CONSTANT
#undef TEXT
#undef ENUM
#undef VALUE
#undef END_ENUM
#undef STRUCT
#undef FIELD
#undef END
