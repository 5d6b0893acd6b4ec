module go-goroutines-timers-and-select

go 1.21
