/* The coordinator's sources as one file, with replacements for what Emscripten provides. */
#include <stddef.h>

#define __builtin_wasm_tls_size() ((size_t)64)
#define __builtin_wasm_tls_align() ((size_t)16)

#include "../../../coordinator/children.c"
#include "../../../coordinator/connection.c"
#include "../../../coordinator/control.c"
#include "../../../coordinator/host_call.c"
#include "../../../coordinator/link.c"
#include "../../../coordinator/pipes.c"
#include "../../../coordinator/pool.c"
#include "../../../coordinator/remove.c"
#include "../../../coordinator/root.c"
#include "../../../coordinator/session.c"
#include "../../../coordinator/stream.c"
#include "../../../coordinator/terminal.c"
#include "../../../coordinator/waiting.c"
