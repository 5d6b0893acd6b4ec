/* layouts.h - layouts.def as C: HF_NAME, enum hf_name, struct hf_name. */
#ifndef HOLDFAST_LAYOUTS_H
#define HOLDFAST_LAYOUTS_H

#include <stdint.h>

/* clang-format off */
#define CONSTANT(name, value) enum { HF_##name = (value) };
#define ENUM(name) enum hf_##name {
#define VALUE(name, value) HF_##name = (value),
#define END_ENUM };
#define STRUCT(name) struct hf_##name {
#define FIELD(type, name) type name;
#define END(name, size) }; _Static_assert(sizeof(struct hf_##name) == (size), #name " is as large as its fields together");
/* clang-format on */
#include <holdfast/layouts.def>
#undef CONSTANT
#undef ENUM
#undef VALUE
#undef END_ENUM
#undef STRUCT
#undef FIELD
#undef END

#endif
