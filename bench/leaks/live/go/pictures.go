package main

// char *decode(int shrink);
import "C"

import (
	"net/http"
	"sync"
)

// What is held grows by a header; the process by the hole behind it, which the allocator can use for no other picture.
func fragmentation(leaks bool) mistake {
	shrink := C.int(0)
	if leaks {
		shrink = 1
	}
	var oneAtATime sync.Mutex
	return mistake{"product": func(*http.Request) {
		oneAtATime.Lock()
		defer oneAtATime.Unlock()
		C.decode(shrink)
	}}
}
