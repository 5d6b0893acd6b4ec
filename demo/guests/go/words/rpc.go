// JSON-RPC 2.0 over standard input and output, one message per line. Both sides may have requests in progress at the same time.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

type failure struct {
	Code int    `json:"code"`
	Text string `json:"message"`
}

func (f *failure) Error() string { return f.Text }

const methodNotFound, internalError = -32601, -32603

type method func(params json.RawMessage) (any, error)

// A peer is the page, at the other end of the pipes.
type peer struct {
	lock    sync.Mutex
	out     *bufio.Writer
	last    int
	waiting map[string]chan message
}

func (p *peer) send(m message) {
	m.Version = "2.0"
	line, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.out.Write(append(line, '\n'))
	p.out.Flush()
}

// call blocks its goroutine until the page has answered.
func (p *peer) call(name string, params, result any) error {
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	answer := make(chan message, 1)
	p.lock.Lock()
	p.last++
	id := fmt.Sprint(p.last)
	p.waiting[id] = answer
	p.lock.Unlock()
	p.send(message{ID: json.RawMessage(id), Method: name, Params: raw})
	got := <-answer
	if got.Error != nil {
		return got.Error
	}
	return json.Unmarshal(got.Result, result)
}

func (p *peer) answer(m message) {
	p.lock.Lock()
	waiting := p.waiting[string(m.ID)]
	delete(p.waiting, string(m.ID))
	p.lock.Unlock()
	if waiting != nil {
		waiting <- m
	}
}

func (p *peer) handle(m message, run method) {
	reply := message{ID: m.ID}
	if run == nil {
		reply.Error = &failure{methodNotFound, fmt.Sprintf("the plugin has no method %q", m.Method)}
	} else if result, err := run(m.Params); err != nil {
		reply.Error = &failure{internalError, err.Error()}
	} else if reply.Result, err = json.Marshal(result); err != nil {
		reply.Error = &failure{internalError, err.Error()}
	}
	if m.ID != nil { // otherwise it is a notification
		p.send(reply)
	}
}

// serve handles each request in a goroutine, until standard input ends.
func (p *peer) serve(methods map[string]method) error {
	in := json.NewDecoder(os.Stdin)
	for {
		var m message
		if err := in.Decode(&m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if m.Method == "" {
			p.answer(m)
		} else {
			go p.handle(m, methods[m.Method])
		}
	}
}

func newPeer() *peer {
	return &peer{out: bufio.NewWriter(os.Stdout), waiting: map[string]chan message{}}
}
