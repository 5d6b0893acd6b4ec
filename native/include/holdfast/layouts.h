/* layouts.h - layouts.def as C: HF_NAME, enum hf_name, struct hf_name. */
#ifndef HOLDFAST_LAYOUTS_H
#define HOLDFAST_LAYOUTS_H

#define HF_LAYOUTS <holdfast/layouts.def>
#include <holdfast/layouts_as_c.h>

#endif
