// net.FileListener and net/http: a server that answers two requests, then ends.
//
// guest:
//   listen: 0 nonblocking
//   client: "GET /one HTTP/1.0\r\n\r\n"
//   client: "POST /two HTTP/1.0\r\nContent-Length: 5\r\n\r\nabcde"
//   expect-reply: "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nGET /one "
//   expect-reply: "HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\nPOST /two abcde"
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

func main() {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		panic(err)
	}
	var served atomic.Int32
	over := make(chan bool)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		text := fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body)
		w.Header()["Date"] = nil
		w.Header()["Content-Type"] = nil
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		io.WriteString(w, text)
	})}
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed && served.Add(1) == 2 {
			close(over)
		}
	}
	go server.Serve(listener)
	<-over
	server.Shutdown(context.Background())
}
