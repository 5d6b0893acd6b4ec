// The smallest Go program; its runtime alone makes some forty system calls.
//
// guest:
//   args: one "two words"
//   env: GREETING=hello
//   expect-stdout: "hello from Go: [one two words]\n"
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Printf("%s from Go: [%s %s]\n", os.Getenv("GREETING"), os.Args[1], os.Args[2])
}
