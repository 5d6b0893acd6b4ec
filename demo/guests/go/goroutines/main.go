// Goroutines that sleep, and one that reads standard input, in a single WASI program: Go's scheduler waits for the line and
// for the timers in one poll_oneoff.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)


// count runs three slow goroutines on the line concurrently.
func count(line string) string {
	parts := make([]string, 3)
	work := []func() string{
		func() string { return fmt.Sprintf("words: %d", len(strings.Fields(line))) },
		func() string { return fmt.Sprintf("characters: %d", utf8.RuneCountInString(line)) },
		func() string { return fmt.Sprintf("bytes: %d", len(line)) },
	}
	var wait sync.WaitGroup
	for i, do := range work {
		wait.Add(1)
		go func(i int, do func() string) {
			defer wait.Done()
			time.Sleep(200 * time.Millisecond)
			parts[i] = do()
		}(i, do)
	}
	wait.Wait()
	return strings.Join(parts, ", ")
}

func main() {
	fmt.Println("A goroutine ticks every two seconds with time.Sleep, another waits for what you type.")
	fmt.Println("Three more look at each line. Ctrl-D ends the input, and with it the program.")
	begun := time.Now()
	go func() {
		for n := 1; ; n++ {
			time.Sleep(2 * time.Second)
			fmt.Printf("\x1b[90mtick %d at %.3f s\x1b[0m\n", n, time.Since(begun).Seconds())
		}
	}()
	lines := 0
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); lines++ {
		asked := time.Now()
		answer := count(scanner.Text())
		fmt.Printf("%q: %s (three sleeps of 200 ms took %d ms)\n", scanner.Text(), answer, time.Since(asked).Milliseconds())
	}
	fmt.Printf("end of input after %.1f s; lines: %d\n", time.Since(begun).Seconds(), lines)
}
