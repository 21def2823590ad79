// A small shop on net/http that tells of itself by three stock SDKs, each under its own name: memory by OpenTelemetry,
// transactions by Sentry, heaps by Pyroscope. Knows nothing of Tidemark. One route keeps what it should not.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"
	"github.com/grafana/pyroscope-go"
	goruntime "go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// What each cart keeps: more than the heap profiler's sampling interval, twice the usual one over a dozen requests.
const keptBytes = 64 << 10

var (
	mu   sync.Mutex
	kept [][]byte
)

//go:noinline
func keep() {
	cart := make([]byte, keptBytes)
	mu.Lock()
	kept = append(kept, cart)
	mu.Unlock()
}

var garbage []byte

func handleCart(w http.ResponseWriter, _ *http.Request) {
	keep()
	churn(w)
}

func handleOther(w http.ResponseWriter, _ *http.Request) { churn(w) }

// Garbage, so that the heap is collected every second or so.
func churn(w http.ResponseWriter) {
	garbage = make([]byte, 1<<20)
	_, _ = fmt.Fprintln(w, len(garbage))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Endpoints and names come from the SDKs' own variables; Pyroscope's Go SDK has none, so that they are ours.
func main() {
	runtime.MemProfileRate = 64 << 10
	exporter := must(otlpmetrichttp.New(context.Background()))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter))))
	check(goruntime.Start(goruntime.WithMinimumReadMemStatsInterval(500 * time.Millisecond)))
	pod := os.Getenv("POD_NAME")
	check(sentry.Init(sentry.ClientOptions{EnableTracing: true, TracesSampleRate: 1, ServerName: pod}))
	must(pyroscope.Start(pyroscope.Config{
		ApplicationName: os.Getenv("PYROSCOPE_APPLICATION_NAME"),
		ServerAddress:   os.Getenv("PYROSCOPE_SERVER_ADDRESS"),
		Tags:            map[string]string{"pod": pod, "namespace": os.Getenv("POD_NAMESPACE")},
		ProfileTypes:    []pyroscope.ProfileType{pyroscope.ProfileInuseSpace, pyroscope.ProfileInuseObjects},
		UploadRate:      5 * time.Second,
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cart", handleCart)
	mux.HandleFunc("GET /other", handleOther)
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }() // whoever started it is gone
	fmt.Println("listening")
	handler := sentryhttp.New(sentryhttp.Options{}).Handle(mux)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), handler))
}
