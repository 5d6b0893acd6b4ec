// Files the way Go programs use them: WriteFile, ReadFile, ReadDir, Stat, Rename, MkdirAll, WalkDir, RemoveAll, temporary files, times.
//
// guest:
//   dir: /
//   expect-stdout: "files are fine\n"
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(ok bool, format string, args ...any) {
	if !ok {
		must(fmt.Errorf(format, args...))
	}
}

func main() {
	must(os.MkdirAll("/a/b/c", 0o755))
	must(os.WriteFile("/a/b/c/file.txt", []byte("some text"), 0o644))
	text, err := os.ReadFile("/a/b/c/file.txt")
	must(err)
	check(string(text) == "some text", "read %q", text)

	info, err := os.Stat("/a/b/c/file.txt")
	must(err)
	check(info.Size() == 9 && info.Mode().IsRegular(), "stat %v %v", info.Size(), info.Mode())
	check(time.Since(info.ModTime()).Abs() < time.Minute, "modified %v", info.ModTime())

	must(os.Rename("/a/b/c/file.txt", "/a/moved.txt"))
	_, err = os.Stat("/a/b/c/file.txt")
	check(errors.Is(err, fs.ErrNotExist), "stat after rename: %v", err)
	err = os.Mkdir("/a", 0o755)
	check(errors.Is(err, fs.ErrExist), "mkdir: %v", err)

	file, err := os.OpenFile("/a/moved.txt", os.O_RDWR|os.O_APPEND, 0)
	must(err)
	_, err = file.WriteString(", and more")
	must(err)
	_, err = file.Seek(5, io.SeekStart)
	must(err)
	rest, err := io.ReadAll(file)
	must(err)
	check(string(rest) == "text, and more", "rest %q", rest)
	must(file.Truncate(4))
	must(file.Close())

	when := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	must(os.Chtimes("/a/moved.txt", when, when))
	info, err = os.Stat("/a/moved.txt")
	must(err)
	check(info.ModTime().Equal(when) && info.Size() == 4, "times %v, size %v", info.ModTime(), info.Size())

	for i := 0; i < 300; i++ {
		must(os.WriteFile(fmt.Sprintf("/a/b/%03d", i), nil, 0o644))
	}
	entries, err := os.ReadDir("/a/b")
	must(err)
	check(len(entries) == 301 && entries[0].Name() == "000" && entries[300].IsDir(), "%d entries", len(entries))

	temporary, err := os.CreateTemp("/a", "temp-*")
	must(err)
	must(temporary.Close())
	check(strings.HasPrefix(filepath.Base(temporary.Name()), "temp-"), "temporary %q", temporary.Name())

	count := 0
	must(filepath.WalkDir("/", func(path string, entry fs.DirEntry, err error) error {
		count++
		return err
	}))
	check(count == 306, "walked over %d", count)
	must(os.RemoveAll("/a"))
	entries, err = os.ReadDir("/")
	must(err)
	check(len(entries) == 0, "left over: %v", entries)
	fmt.Println("files are fine")
}
