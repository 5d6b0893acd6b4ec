/* p2_doors.h - preview 2's functions, as a component calls them (native/wasi/p2/functions.def). */
#ifndef HF_TEST_P2_DOORS_H
#define HF_TEST_P2_DOORS_H

#include "wasi/p2/p2.h"

uint32_t hf_p2_subscribe_instant(hf_b b, uint64_t when);
uint32_t hf_p2_subscribe_duration(hf_b b, uint64_t when);
uint32_t hf_p2_utc_offset(hf_b b, uint64_t seconds, uint32_t nanoseconds);
void hf_p2_wall_now(hf_b b, uint32_t out);
void hf_p2_wall_resolution(hf_b b, uint32_t out);
void hf_p2_timezone_display(hf_b b, uint64_t seconds, uint32_t nanoseconds, uint32_t out);
uint64_t hf_p2_monotonic_now(hf_b b);
uint64_t hf_p2_monotonic_resolution(hf_b b);
void hf_p2_error_to_debug_string(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_pollable_ready(hf_b b, uint32_t self);
void hf_p2_pollable_block(hf_b b, uint32_t self);
void hf_p2_poll(hf_b b, uint32_t in, uint32_t count, uint32_t out);
uint32_t hf_p2_input_stream_subscribe(hf_b b, uint32_t self);
uint32_t hf_p2_output_stream_subscribe(hf_b b, uint32_t self);
void hf_p2_input_stream_read(hf_b b, uint32_t self, uint64_t len, uint32_t out);
void hf_p2_input_stream_blocking_read(hf_b b, uint32_t self, uint64_t len, uint32_t out);
void hf_p2_input_stream_skip(hf_b b, uint32_t self, uint64_t len, uint32_t out);
void hf_p2_input_stream_blocking_skip(hf_b b, uint32_t self, uint64_t len, uint32_t out);
void hf_p2_output_stream_check_write(hf_b b, uint32_t self, uint32_t out);
void hf_p2_output_stream_write(hf_b b, uint32_t self, uint32_t contents, uint32_t size, uint32_t out);
void hf_p2_output_stream_blocking_write_and_flush(hf_b b, uint32_t self, uint32_t contents, uint32_t size,
                                                  uint32_t out);
void hf_p2_output_stream_write_zeroes(hf_b b, uint32_t self, uint64_t len, uint32_t out);
void hf_p2_output_stream_blocking_write_zeroes_and_flush(hf_b b, uint32_t self, uint64_t len, uint32_t out);
void hf_p2_output_stream_flush(hf_b b, uint32_t self, uint32_t out);
void hf_p2_output_stream_blocking_flush(hf_b b, uint32_t self, uint32_t out);
void hf_p2_output_stream_splice(hf_b b, uint32_t self, uint32_t source, uint64_t len, uint32_t out);
void hf_p2_output_stream_blocking_splice(hf_b b, uint32_t self, uint32_t source, uint64_t len, uint32_t out);
void hf_p2_get_random_bytes(hf_b b, uint64_t len, uint32_t out);
void hf_p2_get_insecure_random_bytes(hf_b b, uint64_t len, uint32_t out);
void hf_p2_insecure_seed(hf_b b, uint32_t out);
uint64_t hf_p2_get_random_u64(hf_b b);
uint64_t hf_p2_get_insecure_random_u64(hf_b b);
void hf_p2_get_environment(hf_b b, uint32_t out);
void hf_p2_get_arguments(hf_b b, uint32_t out);
void hf_p2_initial_cwd(hf_b b, uint32_t out);
void hf_p2_exit(hf_b b, uint32_t status);
void hf_p2_exit_with_code(hf_b b, uint32_t code);
void hf_p2_get_terminal_stdin(hf_b b, uint32_t out);
void hf_p2_get_terminal_stdout(hf_b b, uint32_t out);
void hf_p2_get_terminal_stderr(hf_b b, uint32_t out);
uint32_t hf_p2_get_stdin(hf_b b);
uint32_t hf_p2_get_stdout(hf_b b);
uint32_t hf_p2_get_stderr(hf_b b);

#endif
