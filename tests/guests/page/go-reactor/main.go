// flags: -buildmode=c-shared
// A reactor in unmodified Go (1.24 and later): exports, goroutines that continue between calls, and go_tick implemented in Go.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var (
	started  bool
	count    atomic.Int32
	working  atomic.Int32
	wakes    = map[time.Time]bool{}
	results  = make(chan int32, 100)
	finished atomic.Bool
)

// The function that go_start_main starts.
func main() {
	fmt.Println("main runs")
	pause(20 * time.Millisecond)
	fmt.Println("main has slept")
	finished.Store(true)
}

//go:wasmexport go_start_main
func goStartMain() {
	if started {
		return
	}
	started = true
	working.Add(1)
	go func() {
		defer working.Add(-1)
		main()
	}()
}

// pause sleeps, and reports to go_tick until when. Only one thread runs goroutines, one at a time, so the map needs no lock.
func pause(d time.Duration) {
	until := time.Now().Add(d)
	wakes[until] = true
	time.Sleep(d)
	delete(wakes, until)
}

//go:wasmexport go_tick
func goTick() int32 {
	runtime.Gosched()
	next := int32(-1)
	for until := range wakes {
		left := int32(max(1, time.Until(until).Milliseconds()))
		if next < 0 || left < next {
			next = left
		}
	}
	if next < 0 && working.Load() > 0 {
		return 0
	}
	return next
}

//go:wasmexport add
func add(a, b int32) int32 {
	return a + b
}

// sum divides the work among goroutines and waits for them.
//
//go:wasmexport sum
func sum(n int32) int64 {
	var total atomic.Int64
	var wait sync.WaitGroup
	for part := range int32(10) {
		wait.Go(func() {
			for i := part; i < n; i += 10 {
				total.Add(int64(i))
				if i%100 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	wait.Wait()
	return total.Load()
}

// nap sleeps in the export while a goroutine runs.
//
//go:wasmexport nap
func nap(milliseconds int32) int32 {
	before := count.Load()
	done := make(chan bool)
	go func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				count.Add(1)
			case <-done:
				return
			}
		}
	}()
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	close(done)
	return count.Load() - before
}

// later starts a goroutine that outlives the call. A quiet one sleeps without reporting it to go_tick.
//
//go:wasmexport later
func later(milliseconds, result int32, quiet int32) {
	d := time.Duration(milliseconds) * time.Millisecond
	go func() {
		if quiet != 0 {
			time.Sleep(d)
		} else {
			pause(d)
		}
		results <- result
	}()
	runtime.Gosched()
}

//go:wasmexport result
func result() int32 {
	select {
	case value := <-results:
		return value
	default:
		return -1
	}
}

//go:wasmexport main_finished
func mainFinished() int32 {
	if finished.Load() {
		return 1
	}
	return 0
}

//go:wasmexport quit
func quit(code int32) {
	os.Exit(int(code))
}

//go:wasmexport fail
func fail() {
	panic("as asked for")
}
