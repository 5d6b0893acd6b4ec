/* component_plan.h - checks that a plan is well-formed (native/component/plan.def); code that carries out plans relies on that. */
#ifndef HF_TEST_COMPONENT_PLAN_H
#define HF_TEST_COMPONENT_PLAN_H

#include <stddef.h>
#include <stdint.h>

/* Returns NULL if the plan is well-formed, else what is wrong. Each step must have exactly its operands; each index must be below the number of
 * items that earlier steps defined; each name must be UTF-8 within the names, and each module within the component's bytes; each type must be within
 * the allowed depth, of the expected kind, and defined only once. */
const char *plan_fault(const uint32_t *words, size_t count, const char *names, size_t names_size,
                       size_t component_size);

/* A well-formed plan as text, one step per line: the operation and its operands, with "-" for absent ones; free() the result. */
char *plan_steps(const uint32_t *words, size_t count, const char *names);

#endif
