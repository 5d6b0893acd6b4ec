// Reads lines from stdin while a ticker runs in another goroutine. Go reads stdin in a blocking call, so that the ticker's goroutine
// runs between the lines; after the end of input it still ticks.
//
// guest:
//   stdin: "one\n"
//   stdin: after "1 one\n"
//   stdin: wait 100ms
//   stdin: "two\nthree"
//   expect-stdout: "1 one\n2 two\n3 three\nend of input, still ticking\n"
package main

import (
	"bufio"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

func main() {
	var ticks atomic.Int64
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			ticks.Add(1)
		}
	}()
	lines := make(chan string)
	go func() {
		scanner := bufio.NewScanner(os.Stdin)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
		close(lines)
	}()
	number := 0
	for line := range lines {
		number++
		fmt.Println(number, line)
	}
	before := ticks.Load()
	time.Sleep(100 * time.Millisecond)
	if after := ticks.Load(); after <= before {
		fmt.Fprintln(os.Stderr, "the ticker stands still")
		os.Exit(1)
	}
	fmt.Println("end of input, still ticking")
}
