// A plugin in Go, which writes numbers as words. It calls the page, and through it the plugin in C.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

var small = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen " +
	"fifteen sixteen seventeen eighteen nineteen")
var tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
var scales = []struct {
	size uint64
	name string
}{{1_000_000_000_000, "trillion"}, {1_000_000_000, "billion"}, {1_000_000, "million"}, {1000, "thousand"}, {100, "hundred"}}

func words(n uint64) string {
	for _, scale := range scales {
		if n < scale.size {
			continue
		}
		text := words(n/scale.size) + " " + scale.name
		if rest := n % scale.size; rest > 0 {
			text += " " + words(rest)
		}
		return text
	}
	if n < 20 {
		return small[n]
	}
	if n%10 == 0 {
		return tens[n/10]
	}
	return tens[n/10] + "-" + small[n%10]
}

type primes struct {
	Count, Largest uint64
}

// report calls the plugin in C and the page concurrently.
func report(page *peer, below uint64) (any, error) {
	var found primes
	var visitor struct{ Language, Time string }
	counted := make(chan error, 1)
	go func() { counted <- page.call("c.primes", map[string]uint64{"below": below}, &found) }()
	if err := page.call("visitor", map[string]any{}, &visitor); err != nil {
		return nil, err
	}
	if err := <-counted; err != nil {
		return nil, err
	}
	return fmt.Sprintf("At %s (%s): %s primes, the largest of them %s.", visitor.Time, visitor.Language,
		words(found.Count), words(found.Largest)), nil
}

// bounce calls C's "bounce", which calls this one, the requested number of times, and returns the path of the calls.
func bounce(page *peer, times uint64) (any, error) {
	path := []string{}
	if times > 0 {
		if err := page.call("c.bounce", map[string]uint64{"times": times - 1}, &path); err != nil {
			return nil, err
		}
	}
	return append([]string{"Go"}, path...), nil
}

func number(params json.RawMessage, name string) (uint64, error) {
	var given map[string]uint64
	if err := json.Unmarshal(params, &given); err != nil {
		return 0, fmt.Errorf("%s must be a whole number: %w", name, err)
	}
	return given[name], nil
}

func main() {
	page := newPeer()
	with := func(name string, run func(n uint64) (any, error)) method {
		return func(params json.RawMessage) (any, error) {
			n, err := number(params, name)
			if err != nil {
				return nil, err
			}
			return run(n)
		}
	}
	err := page.serve(map[string]method{
		"spell":  with("number", func(n uint64) (any, error) { return words(n), nil }),
		"report": with("below", func(n uint64) (any, error) { return report(page, n) }),
		"bounce": with("times", func(n uint64) (any, error) { return bounce(page, n) }),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
