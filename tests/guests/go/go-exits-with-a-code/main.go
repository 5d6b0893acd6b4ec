// os.Exit ends the process at once, goroutines or not; a panic is exit 2 with its message and stack on stderr.
//
// guest exit:
//   args: exit
//   expect-stdout: "exiting\n"
//   expect-exit: 3
// guest panic:
//   args: panic
//   expect-stderr-contains: "panic: something went wrong"
//   expect-stderr-contains: "goroutine 1 [running]"
//   expect-exit: 2
// guest deadlock:
//   args: deadlock
//   expect-stderr-contains: "all goroutines are asleep - deadlock!"
//   expect-exit: 2
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	switch os.Args[1] {
	case "exit":
		go func() {
			for range time.Tick(time.Millisecond) {
			}
		}()
		time.Sleep(20 * time.Millisecond)
		fmt.Println("exiting")
		os.Exit(3)
	case "panic":
		panic("something went wrong")
	case "deadlock":
		select {}
	}
}
