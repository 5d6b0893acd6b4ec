// forms: wrapped
// Files through std: write, read, metadata, rename, directories, seeking, appending, errors by kind.
//
// guest:
//   dir: /
//   expect-stdout: "files are fine\n"
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

fn main() -> io::Result<()> {
    fs::create_dir_all("/a/b/c")?;
    fs::write("/a/b/c/file.txt", "some text")?;
    assert_eq!(fs::read_to_string("/a/b/c/file.txt")?, "some text");
    let metadata = fs::metadata("/a/b/c/file.txt")?;
    assert!(metadata.is_file());
    assert_eq!(metadata.len(), 9);
    assert!(SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default() < Duration::from_secs(60));

    fs::rename("/a/b/c/file.txt", "/a/moved.txt")?;
    assert_eq!(fs::metadata("/a/b/c/file.txt").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(fs::create_dir("/a").unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::remove_dir("/a/b").unwrap_err().raw_os_error(), Some(55)); // ENOTEMPTY, for which std has no kind

    let mut file = OpenOptions::new().read(true).append(true).open("/a/moved.txt")?;
    file.write_all(b", and more")?;
    file.seek(SeekFrom::Start(5))?;
    let mut rest = String::new();
    file.read_to_string(&mut rest)?;
    assert_eq!(rest, "text, and more");
    file.sync_all()?;
    drop(file);

    fs::copy("/a/moved.txt", "/a/copy.txt")?;
    fs::hard_link("/a/copy.txt", "/a/link.txt")?;
    File::create("/a/copy.txt")?.write_all(b"new")?;
    assert_eq!(fs::read("/a/link.txt")?, b"new");
    assert_eq!(File::create_new("/a/copy.txt").unwrap_err().kind(), ErrorKind::AlreadyExists);

    for i in 0..300 {
        File::create(format!("/a/b/{i}"))?;
    }
    let mut names: Vec<_> = fs::read_dir("/a/b")?.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 301);

    fs::remove_dir_all("/a")?;
    assert_eq!(fs::read_dir("/")?.count(), 0);
    println!("files are fine");
    Ok(())
}
