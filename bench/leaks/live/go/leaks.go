package main

import (
	"net/http"
	"sync"
	"time"
)

// What a mistake does in the middle of the shop's handlers, by the name of the route.
type mistake map[string]func(*http.Request)

// The mistakes, each as people make it, beside its usual repair.
var mistakes = map[string]func(leaks bool) mistake{
	"goroutine":     goroutine,
	"go-list":       globalList,
	"go-clock":      ticker,
	"fragmentation": fragmentation,
}

// The first of two answers is taken; who comes second waits for ever to hand over its own, since the channel has no room.
func goroutine(leaks bool) mistake {
	room := 2
	if leaks {
		room = 0
	}
	return mistake{"checkout": func(*http.Request) {
		answers := make(chan []row, room)
		ask := func() { answers <- rowsOf(150) }
		go ask()
		go ask()
		<-answers
	}}
}

// Everything that was ever ordered, for a page that shows the last hundred.
func globalList(leaks bool) mistake {
	var (
		mu   sync.Mutex
		seen [][]row
	)
	return mistake{"order": func(*http.Request) {
		rows := rowsOf(150)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, rows)
		if !leaks && len(seen) > 100 {
			seen = append([][]row(nil), seen[len(seen)-100:]...)
		}
	}}
}

// A snapshot of the stock ten times a second, by the clock alone.
func ticker(leaks bool) mistake {
	snapshots := map[int64][]row{}
	go func() {
		for now := range time.NewTicker(100 * time.Millisecond).C {
			snapshots[now.UnixNano()] = rowsOf(1000)
			for at := range snapshots {
				if !leaks && now.UnixNano()-at > int64(5*time.Second) {
					delete(snapshots, at)
				}
			}
		}
	}()
	return nil
}
