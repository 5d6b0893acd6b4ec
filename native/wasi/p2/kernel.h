/* kernel.h - kernel.def in C. The build of kernel.wasm includes this before each file, so that the definitions are exported; the build of p2.wasm
 * includes it before each of its files, which import them (CMakeLists.txt: -include). A native program contains both parts and needs neither. */
#ifndef HF_WASI_P2_KERNEL_H
#define HF_WASI_P2_KERNEL_H

#include <names.h> /* tools/abi.mjs */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* These declarations come before all others, so that inline functions, too, use the short names. */
struct hf_fd_view;
struct hf_fdtable;
struct hf_file;
struct hf_fs_call;
struct hf_pipe;
struct hf_poll_entry;
struct hf_process;
struct hf_thread;
struct hf_uio;
struct hf_vnode;

#if defined(HF_P2_MODULE)
#define HF_KERNEL(name) __attribute__((import_module("kernel"), import_name(HF_NAME_OF_##name)))
#else
#define HF_KERNEL(name) __attribute__((export_name(HF_NAME_OF_##name)))
#endif
#define X(result, name, ...) HF_KERNEL(name) result name(__VA_ARGS__);
#include "wasi/p2/kernel.def"
#undef X

#endif
