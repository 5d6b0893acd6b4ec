// Goroutines, channels, sleeps, tickers, timers and select: Go's scheduler over poll_oneoff.
//
// guest:
//   expect-stdout: "squares 285\ntimer first\nticks 5\norder abc\ntimeout\nslept\n"
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// between fails unless start was at least low and less than 5 s ago.
func between(what string, start time.Time, low time.Duration) {
	if took := time.Since(start); took < low || took > 5*time.Second {
		fail("%s took %v, not %v", what, took, low)
	}
}

func squares() {
	var group sync.WaitGroup
	results := make(chan int)
	for i := 0; i < 10; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			time.Sleep(time.Duration(10-i) * time.Millisecond)
			results <- i * i
		}(i)
	}
	go func() {
		group.Wait()
		close(results)
	}()
	sum := 0
	for square := range results {
		sum += square
	}
	fmt.Println("squares", sum)
}

func selects() {
	start := time.Now()
	select {
	case <-time.After(20 * time.Millisecond):
		fmt.Println("timer first")
	case <-time.After(10 * time.Second):
		fail("the later timer won")
	}
	between("select", start, 20*time.Millisecond)

	start = time.Now()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	ticks := 0
	for range ticker.C {
		if ticks++; ticks == 5 {
			break
		}
	}
	between("5 ticks", start, 100*time.Millisecond)
	fmt.Println("ticks", ticks)
}

// order returns three letters in the order in which they arrive, and whether each arrived before the next one's time: if the whole machine was
// stopped, several are due at once, in any order.
func order() (text string, timely bool) {
	letters := make(chan string)
	start := time.Now()
	for letter, delay := range map[string]time.Duration{"c": 150, "a": 30, "b": 90} {
		go func(letter string, delay time.Duration) {
			time.Sleep(delay * time.Millisecond)
			letters <- letter
		}(letter, delay)
	}
	timely = true
	for next := 90 * time.Millisecond; len(text) < 3; next += 60 * time.Millisecond {
		text += <-letters
		timely = timely && (len(text) == 3 || time.Since(start) < next)
	}
	return text, timely
}

func main() {
	squares()
	selects()
	text, timely := order()
	for tries := 1; !timely && tries < 50; tries++ {
		text, timely = order()
	}
	fmt.Println("order", text)

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println("timeout")

	start := time.Now()
	time.Sleep(200 * time.Millisecond)
	between("the sleep", start, 200*time.Millisecond)
	fmt.Println("slept")
}
