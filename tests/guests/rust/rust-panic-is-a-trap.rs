// A panic prints its message and aborts, which in WebAssembly is a trap: code 134, as for abort() elsewhere. Exit codes work, too.
//
// guest panic:
//   args: panic
//   expect-stderr-contains: "something went wrong"
//   expect-trap: unreachable
// guest index:
//   args: index
//   expect-stderr-contains: "index out of bounds: the len is 1 but the index is 7"
//   expect-trap: unreachable
// guest exit:
//   args: exit
//   expect-exit: 5
// guest error:
//   args: error
//   expect-stderr-contains: "a polite error"
//   expect-exit: 1
use std::process::exit;

fn main() -> Result<(), String> {
    let numbers = vec![1];
    match std::env::args().nth(1).unwrap().as_str() {
        "panic" => panic!("something went wrong"),
        "index" => exit(numbers[std::hint::black_box(7)]),
        "exit" => exit(5),
        _ => Err("a polite error".into()),
    }
}
