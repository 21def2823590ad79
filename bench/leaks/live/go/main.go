// A small shop on net/http with one well-known mistake, or its repair: shop KIND leak|fixed
// Knows nothing of Tidemark. leaks.go holds the mistakes; the rest of the shop is healthy, and busy with garbage.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	goruntime "go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

type row struct {
	ID    int64
	SKU   string
	Cents int64
	Stock int64
}

func rowsOf(count int) []row {
	rows := make([]row, count)
	for i := range rows {
		rows[i] = row{ID: int64(i), SKU: fmt.Sprintf("sku-%08d", i), Cents: int64(i*37) % 9000, Stock: int64(i) % 90}
	}
	return rows
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Healthy, and the heaviest: keeps each report for two seconds, as a short cache does.
var (
	reports   sync.Map
	reportKey int64
	reportMu  sync.Mutex
)

func report(w http.ResponseWriter, _ *http.Request) {
	reportMu.Lock()
	reportKey++
	key := reportKey
	reportMu.Unlock()
	reports.Store(key, rowsOf(1000))
	time.AfterFunc(2*time.Second, func() { reports.Delete(key) })
	reply(w, 200, map[string]int64{"number": key})
}

func routes(does mistake) *http.ServeMux {
	at := func(route string, r *http.Request) {
		if act := does[route]; act != nil {
			act(r)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", func(w http.ResponseWriter, r *http.Request) {
		at("product", r)
		reply(w, 200, rowsOf(1))
	})
	mux.HandleFunc("GET /search", func(w http.ResponseWriter, r *http.Request) {
		at("search", r)
		reply(w, 200, rowsOf(12000)[:10])
	})
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) {
		at("cart", r)
		reply(w, 201, "in the cart")
	})
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		at("order", r)
		reply(w, 200, rowsOf(3))
	})
	mux.HandleFunc("POST /checkout", func(w http.ResponseWriter, r *http.Request) {
		at("checkout", r)
		time.Sleep(5 * time.Millisecond) // the bank thinks
		reply(w, 201, "paid")
	})
	mux.HandleFunc("GET /report", report)
	// For who wants to know the truth afterwards: live bytes after full collections.
	mux.HandleFunc("GET /__memory", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		reply(w, 200, map[string]uint64{"heap": m.HeapAlloc, "stacks": m.StackInuse, "rss": uint64(residentBytes())})
	})
	return mux
}

func residentBytes() int64 {
	var size, resident int64
	text := must(os.ReadFile("/proc/self/statm"))
	must(fmt.Sscan(string(text), &size, &resident))
	return resident * int64(os.Getpagesize())
}

// The process as the system sees it, by the name of the semantic conventions: the runtime's metrics leave it out.
func sendResident() {
	must(otel.Meter("process").Int64ObservableUpDownCounter("process.memory.usage", metric.WithUnit("By"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(residentBytes())
			return nil
		})))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// Endpoint, service name and interval come from the standard OTEL_* variables.
func main() {
	kind, variant := os.Args[1], os.Args[2]
	exporter := must(otlpmetrichttp.New(context.Background()))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter))))
	if err := goruntime.Start(goruntime.WithMinimumReadMemStatsInterval(500 * time.Millisecond)); err != nil {
		log.Fatal(err)
	}
	sendResident()
	handler := otelhttp.NewHandler(routes(mistakes[kind](variant == "leak")), "shop")
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }() // whoever started it is gone
	fmt.Println("listening")
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), handler))
}
