// forms: wrapped wasip2
// The smallest Rust program.
//
// guest:
//   args: one "two words"
//   env: GREETING=hello
//   expect-stdout: "hello from Rust: [\"one\", \"two words\"]\n"
use std::env;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    println!("{} from Rust: {args:?}", env::var("GREETING").unwrap());
}
