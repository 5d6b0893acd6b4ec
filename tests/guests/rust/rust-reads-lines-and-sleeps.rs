// forms: wrapped wasip2
// Reads lines of stdin, with a sleep after each; thread::sleep waits for the whole time; starting a thread is an error.
//
// guest:
//   stdin: "one\n"
//   stdin: wait 50ms
//   stdin: "two\n\xc3\xa4\n"
//   expect-stdout: "1 one\n2 two\n3 \xc3\xa4\nno threads here\n"
use std::io;
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    for (number, line) in io::stdin().lines().enumerate() {
        println!("{} {}", number + 1, line.unwrap());
        let start = Instant::now();
        thread::sleep(Duration::from_millis(20));
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
    match thread::Builder::new().spawn(|| ()) {
        Ok(_) => println!("a thread!"),
        Err(_) => println!("no threads here"),
    }
}
