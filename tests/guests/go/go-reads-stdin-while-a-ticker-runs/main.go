// Reads lines from stdin while a ticker runs in another goroutine. Go's runtime sets stdin to non-blocking and polls it together with its
// timers, so the ticker ticks while there is no input, and also after the end of input.
//
// guest:
//   stdin: "one\n"
//   stdin: after "1 one\n"
//   stdin: wait 1000ms
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

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

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
		if now := ticks.Swap(0); number == 2 && now < 3 {
			fail("there were %d ticks while the second line was waited for", now)
		}
	}
	ticks.Store(0)
	for start := time.Now(); ticks.Load() < 3; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			fail("the ticker stands still after the end of input")
		}
	}
	fmt.Println("end of input, still ticking")
}
