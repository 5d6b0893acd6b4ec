/* wasi.h - the numbers of WASI preview 1 that the kernel uses: file types, rights, flags, clocks. Source: WebAssembly/WASI,
 * legacy/preview1/witx/typenames.witx. Values are ABI: never change one. */
#ifndef HOLDFAST_WASI_H
#define HOLDFAST_WASI_H

#include <holdfast/layouts.h>
#include <stdint.h>

enum hf_fdflags {
	HF_FDFLAG_APPEND = 1 << 0,
	HF_FDFLAG_DSYNC = 1 << 1,
	HF_FDFLAG_NONBLOCK = 1 << 2,
	HF_FDFLAG_RSYNC = 1 << 3,
	HF_FDFLAG_SYNC = 1 << 4,
	HF_FDFLAGS_ALL = (1 << 5) - 1,
};

enum hf_oflags {
	HF_OFLAG_CREAT = 1 << 0,
	HF_OFLAG_DIRECTORY = 1 << 1,
	HF_OFLAG_EXCL = 1 << 2,
	HF_OFLAG_TRUNC = 1 << 3,
	HF_OFLAGS_ALL = (1 << 4) - 1,
};

enum hf_lookupflags {
	HF_LOOKUP_SYMLINK_FOLLOW = 1 << 0,
};

enum hf_fstflags {
	HF_FST_ATIM = 1 << 0,
	HF_FST_ATIM_NOW = 1 << 1,
	HF_FST_MTIM = 1 << 2,
	HF_FST_MTIM_NOW = 1 << 3,
	HF_FST_ALL = (1 << 4) - 1,
};

enum hf_whence {
	HF_WHENCE_SET = 0,
	HF_WHENCE_CUR = 1,
	HF_WHENCE_END = 2,
};

#define HF_RIGHT_FD_DATASYNC (UINT64_C(1) << 0)
#define HF_RIGHT_FD_READ (UINT64_C(1) << 1)
#define HF_RIGHT_FD_SEEK (UINT64_C(1) << 2)
#define HF_RIGHT_FD_FDSTAT_SET_FLAGS (UINT64_C(1) << 3)
#define HF_RIGHT_FD_SYNC (UINT64_C(1) << 4)
#define HF_RIGHT_FD_TELL (UINT64_C(1) << 5)
#define HF_RIGHT_FD_WRITE (UINT64_C(1) << 6)
#define HF_RIGHT_FD_ADVISE (UINT64_C(1) << 7)
#define HF_RIGHT_FD_ALLOCATE (UINT64_C(1) << 8)
#define HF_RIGHT_PATH_CREATE_DIRECTORY (UINT64_C(1) << 9)
#define HF_RIGHT_PATH_CREATE_FILE (UINT64_C(1) << 10)
#define HF_RIGHT_PATH_LINK_SOURCE (UINT64_C(1) << 11)
#define HF_RIGHT_PATH_LINK_TARGET (UINT64_C(1) << 12)
#define HF_RIGHT_PATH_OPEN (UINT64_C(1) << 13)
#define HF_RIGHT_FD_READDIR (UINT64_C(1) << 14)
#define HF_RIGHT_PATH_READLINK (UINT64_C(1) << 15)
#define HF_RIGHT_PATH_RENAME_SOURCE (UINT64_C(1) << 16)
#define HF_RIGHT_PATH_RENAME_TARGET (UINT64_C(1) << 17)
#define HF_RIGHT_PATH_FILESTAT_GET (UINT64_C(1) << 18)
#define HF_RIGHT_PATH_FILESTAT_SET_SIZE (UINT64_C(1) << 19)
#define HF_RIGHT_PATH_FILESTAT_SET_TIMES (UINT64_C(1) << 20)
#define HF_RIGHT_FD_FILESTAT_GET (UINT64_C(1) << 21)
#define HF_RIGHT_FD_FILESTAT_SET_SIZE (UINT64_C(1) << 22)
#define HF_RIGHT_FD_FILESTAT_SET_TIMES (UINT64_C(1) << 23)
#define HF_RIGHT_PATH_SYMLINK (UINT64_C(1) << 24)
#define HF_RIGHT_PATH_REMOVE_DIRECTORY (UINT64_C(1) << 25)
#define HF_RIGHT_PATH_UNLINK_FILE (UINT64_C(1) << 26)
#define HF_RIGHT_POLL_FD_READWRITE (UINT64_C(1) << 27)
#define HF_RIGHT_SOCK_SHUTDOWN (UINT64_C(1) << 28)
#define HF_RIGHT_SOCK_ACCEPT (UINT64_C(1) << 29)
#define HF_RIGHTS_ALL ((UINT64_C(1) << 30) - 1)

#endif
