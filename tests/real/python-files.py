# What scripts do to files, with CPython's own os, shutil, tempfile, pathlib, zipfile and sqlite3. Works in the directory of its first argument and leaves it empty.
import errno
import io
import os
import pathlib
import shutil
import sqlite3
import stat
import sys
import tempfile
import zipfile

top = sys.argv[1]


def fails(number, call, *args):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == number, f"{error} is not {errno.errorcode[number]}"
    else:
        raise AssertionError(f"{call.__name__}{args} did not fail with {errno.errorcode[number]}")


def tree(at):
    """Relative path to contents, None for directories, ("->", target) for links."""
    found = {}
    for folder, folders, files in os.walk(at):
        for name in folders + files:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, at)
            if os.path.islink(path):
                found[key] = ("->", os.readlink(path))
            else:
                found[key] = pathlib.Path(path).read_bytes() if name in files else None
    return found


def with_os():
    at = os.path.join(top, "os")
    os.makedirs(f"{at}/a/b/c")
    os.makedirs(f"{at}/a/b/c", exist_ok=True)
    fails(errno.EEXIST, os.mkdir, f"{at}/a")
    fd = os.open(f"{at}/file", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    fails(errno.EEXIST, os.open, f"{at}/file", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    assert os.write(fd, b"0123456789") == 10
    assert os.lseek(fd, -4, os.SEEK_END) == 6 and os.read(fd, 100) == b"6789"
    assert os.pwrite(fd, b"XY", 2) == 2 and os.pread(fd, 4, 1) == b"1XY4"
    os.ftruncate(fd, 5)
    os.fsync(fd)
    assert os.fstat(fd).st_size == 5 and stat.S_ISREG(os.fstat(fd).st_mode)
    os.close(fd)
    fails(errno.EBADF, os.close, fd)
    os.link(f"{at}/file", f"{at}/hard")
    os.symlink("a/b", f"{at}/soft")
    os.symlink("loop", f"{at}/loop")
    assert os.stat(f"{at}/hard").st_nlink == 2 and os.path.samefile(f"{at}/hard", f"{at}/file")
    assert os.readlink(f"{at}/soft") == "a/b" and os.path.isdir(f"{at}/soft/c")
    fails(errno.ELOOP, os.stat, f"{at}/loop")
    os.utime(f"{at}/file", ns=(1_000_000_001, 2_000_000_003))
    assert os.stat(f"{at}/file").st_mtime_ns == 2_000_000_003
    os.rename(f"{at}/hard", f"{at}/a/b/c/moved")
    os.replace(f"{at}/a/b/c/moved", f"{at}/file")  # of one file to another name of it: nothing, says POSIX
    os.unlink(f"{at}/a/b/c/moved")
    with os.scandir(at) as entries:
        kinds = {entry.name: (entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in entries}
    assert kinds["a"] == (True, False) and kinds["soft"] == (False, True), kinds
    fails(errno.ENOTEMPTY, os.rmdir, f"{at}/a")
    fails(errno.ENOENT, os.unlink, f"{at}/none")
    os.removedirs(f"{at}/a/b/c")
    for name in ("file", "soft", "loop"):
        os.unlink(f"{at}/{name}")
    os.rmdir(at)


def with_pathlib_and_shutil():
    at = pathlib.Path(top, "tree")
    for i in range(40):
        path = at / f"folder-{i % 7}" / f"deep-{i % 3}" / f"grüße-{i}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{i}\n" * i, encoding="utf-8")
    (at / "link").symlink_to("folder-0")
    before = tree(at)
    assert len(list(at.rglob("*.txt"))) == 40 and len(list(at.glob("folder-*/deep-1/*"))) == 13
    copy = pathlib.Path(top, "copy")
    shutil.copytree(at, copy, symlinks=True)
    assert tree(copy) == before
    moved = pathlib.Path(shutil.move(copy, pathlib.Path(top, "moved")))
    assert not copy.exists() and tree(moved) == before
    shutil.copy2(at / "folder-1/deep-1/grüße-1.txt", moved / "one")
    assert (moved / "one").stat().st_mtime_ns == (at / "folder-1/deep-1/grüße-1.txt").stat().st_mtime_ns
    for kind in ("zip", "gztar"):
        packed = shutil.make_archive(os.path.join(top, "packed"), kind, at)
        shutil.unpack_archive(packed, os.path.join(top, "unpacked"))
        assert set(tree(os.path.join(top, "unpacked"))) >= {key for key in before if key != "link"}, kind
        shutil.rmtree(os.path.join(top, "unpacked"))
        os.unlink(packed)
    shutil.rmtree(at)
    shutil.rmtree(moved)
    assert not at.exists()


def with_tempfile():
    with tempfile.TemporaryDirectory(dir=top) as folder:
        with tempfile.NamedTemporaryFile("w+", dir=folder, encoding="utf-8") as file:
            file.write("temporary")
            file.seek(0)
            assert file.read() == "temporary" and os.path.exists(file.name)
        assert os.listdir(folder) == []
        with tempfile.SpooledTemporaryFile(max_size=10, dir=folder) as file:
            file.write(b"x" * 100_000)
            file.seek(99_990)
            assert file.read() == b"x" * 10
        fd, name = tempfile.mkstemp(dir=folder)
        os.unlink(name)  # open, and without a name
        assert os.write(fd, b"gone") == 4 and os.pread(fd, 9, 0) == b"gone"
        os.close(fd)
    assert not os.path.exists(folder)


def with_zipfile():
    name = os.path.join(top, "some.zip")
    data = bytes(range(256)) * 2000
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(100):
            archive.writestr(f"folder/{i}", data[i : i * 1000])
    with zipfile.ZipFile(name, "a") as archive:
        archive.writestr("stored", data, zipfile.ZIP_STORED)
    with zipfile.ZipFile(name) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 101
        assert archive.read("folder/77") == data[77:77000] and archive.read("stored") == data
        with io.TextIOWrapper(archive.open("folder/66"), encoding="latin-1") as text:
            assert len(text.read(100)) == 100
    os.unlink(name)


def with_sqlite3():
    name = os.path.join(top, "some.db")
    base = sqlite3.connect(name)
    base.execute("create table pairs (number integer primary key, word text)")
    with base:
        base.executemany("insert into pairs values (?, ?)", ((i, f"word {i}") for i in range(5000)))
    try:
        with base:
            base.execute("delete from pairs")
            raise KeyboardInterrupt  # rolls back, from the journal
    except KeyboardInterrupt:
        pass
    base.execute("create index words on pairs (word)")
    base.execute("vacuum")
    base.close()
    base = sqlite3.connect(name)
    assert base.execute("select count(*), sum(number) from pairs").fetchone() == (5000, 12497500)
    assert base.execute("select number from pairs where word = 'word 4321'").fetchone() == (4321,)
    assert base.execute("pragma integrity_check").fetchone() == ("ok",)
    base.close()
    assert os.path.getsize(name) > 100_000
    os.unlink(name)


for work in (with_os, with_pathlib_and_shutil, with_tempfile, with_zipfile, with_sqlite3):
    work()
    assert os.listdir(top) == [], (work.__name__, os.listdir(top))
    print(work.__name__)
