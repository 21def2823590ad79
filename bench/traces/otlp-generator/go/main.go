// Records nested traces of the real OpenTelemetry Go SDK: `go run . 1000 1 OUT.jsonl.gz`.
// Contexts are passed by hand, so every parent is right: work that outlives its parent does so on purpose.
package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

var provider *sdk.TracerProvider

type request struct {
	ctx        context.Context
	rng        *rand.Rand
	background *sync.WaitGroup
}

func (r request) wait(meanMs float64) {
	time.Sleep(time.Duration(r.rng.ExpFloat64() * meanMs * float64(time.Millisecond)))
}

// fork gives concurrent work a source of random numbers of its own.
func (r request) fork() request {
	r.rng = rand.New(rand.NewSource(r.rng.Int63()))
	return r
}

func (r request) start(kind, name string) (request, func()) {
	scope, spanKind, attributes := "shop", trace.SpanKindInternal, []attribute.KeyValue{}
	switch kind {
	case "db":
		scope, spanKind = "otelsql", trace.SpanKindClient
		attributes = append(attributes, attribute.String("db.system.name", "postgresql"))
	case "http":
		scope, spanKind = "otelhttp", trace.SpanKindClient
		attributes = append(attributes, attribute.String("http.request.method", "GET"))
	case "rpc":
		scope, spanKind = "otelgrpc", trace.SpanKindClient
		attributes = append(attributes, attribute.String("rpc.system", "grpc"))
	}
	ctx, span := provider.Tracer(scope).Start(r.ctx, name, trace.WithSpanKind(spanKind), trace.WithAttributes(attributes...))
	r.ctx = ctx
	return r, func() { span.End() }
}

func (r request) call(kind, name string, ms float64) {
	inner, end := r.start(kind, name)
	inner.wait(ms)
	end()
}

func (r request) in(name string, work func(request)) {
	inner, end := r.start("internal", name)
	defer end()
	work(inner)
}

func (r request) each(n int, work func(request, int)) {
	var group sync.WaitGroup
	for i := 0; i < n; i++ {
		fork := r.fork()
		group.Add(1)
		go func() { defer group.Done(); work(fork, i) }()
	}
	group.Wait()
}

// detach is fire-and-forget work that keeps the request's context.
func (r request) detach(work func(request)) {
	fork := r.fork()
	r.background.Add(1)
	go func() { defer r.background.Done(); work(fork) }()
}

// rows is a query whose rows are read after the query's own span has ended, below it: otelsql does this.
func (r request) rows(n int) {
	query, end := r.start("db", "sql.query")
	query.wait(3)
	end()
	open, endRows := query.start("db", "sql.rows")
	for i := 0; i < n; i++ {
		open.call("internal", "scan", 0.5)
	}
	endRows()
}

var endpoints = map[string]func(request){
	"fanout": func(r request) {
		r.call("db", "SELECT users", 3)
		r.each(2+r.rng.Intn(4), func(r request, i int) { r.in("load", func(r request) { r.call("http", "GET price", 6) }) })
	},
	"rows": func(r request) {
		r.rows(2 + r.rng.Intn(3))
		r.in("join", func(r request) { r.rows(2); r.rows(1) })
	},
	"detached": func(r request) {
		r.in("order", func(r request) {
			r.call("db", "INSERT orders", 3)
			r.detach(func(r request) { r.call("http", "POST mail", 8) })
			r.detach(func(r request) { r.in("audit", func(r request) { r.call("db", "INSERT audit", 5) }) })
		})
		r.call("db", "SELECT stock", 2)
	},
	"first": func(r request) {
		r.in("fastest", func(r request) {
			won := make(chan struct{}, 3)
			for i := 0; i < 3; i++ {
				r.detach(func(r request) { r.call("rpc", "Replica/Get", 5); won <- struct{}{} })
			}
			<-won
		})
		r.call("db", "SELECT log", 2)
	},
	"pipeline": func(r request) {
		items := make(chan int)
		r.detach(func(r request) {
			r.in("produce", func(r request) {
				for i := 0; i < 3; i++ {
					r.call("db", "SELECT page", 2)
					items <- i
				}
			})
			close(items)
		})
		r.in("consume", func(r request) {
			for range items {
				r.call("http", "GET enrich", 3)
			}
		})
	},
	"later": func(r request) {
		var held func()
		r.in("prepare", func(r request) {
			var inner request
			inner, held = r.start("internal", "session")
			inner.call("db", "SELECT session", 2)
		})
		r.call("http", "GET a", 3)
		held()
		r.call("rpc", "Cart/Get", 3)
	},
}

type line struct {
	Language string            `json:"language"`
	Service  string            `json:"service"`
	Endpoint string            `json:"endpoint"`
	TraceID  string            `json:"traceId"`
	Root     string            `json:"root"`
	Spans    []span            `json:"spans"`
	Truth    map[string]string `json:"truth"`
}

type span struct {
	ID         string            `json:"id"`
	Parent     string            `json:"parent"`
	Name       string            `json:"name"`
	Kind       string            `json:"kind"`
	Scope      string            `json:"scope"`
	Attributes map[string]string `json:"attributes"`
	StartNs    string            `json:"startNs"`
	EndNs      string            `json:"endNs"`
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	seed, _ := strconv.ParseInt(os.Args[2], 10, 64)
	memory := tracetest.NewInMemoryExporter()
	provider = sdk.NewTracerProvider(sdk.WithSyncer(memory))
	rng := rand.New(rand.NewSource(seed))
	names := []string{"fanout", "rows", "detached", "first", "pipeline", "later"}
	lines := map[string]*line{}
	var mutex sync.Mutex
	var background, all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := 0; i < count; i++ {
		name := names[rng.Intn(len(names))]
		own := rand.New(rand.NewSource(rng.Int63()))
		slots <- struct{}{}
		all.Add(1)
		go func() {
			defer func() { <-slots; all.Done() }()
			ctx, root := provider.Tracer("otelhttp").Start(context.Background(), "GET /"+name, trace.WithSpanKind(trace.SpanKindServer))
			endpoints[name](request{ctx, own, &background})
			root.End()
			id := root.SpanContext()
			mutex.Lock()
			lines[id.TraceID().String()] = &line{"go", "mill-go", name, id.TraceID().String(), id.SpanID().String(), nil, map[string]string{}}
			mutex.Unlock()
		}()
	}
	all.Wait()
	background.Wait()
	spans := memory.GetSpans()
	for _, s := range spans {
		parent := ""
		if s.Parent.IsValid() {
			parent = s.Parent.SpanID().String()
		}
		attributes := map[string]string{}
		for _, a := range s.Attributes {
			attributes[string(a.Key)] = a.Value.AsString()
		}
		it := lines[s.SpanContext.TraceID().String()]
		it.Spans = append(it.Spans, span{s.SpanContext.SpanID().String(), parent, s.Name, s.SpanKind.String(), s.InstrumentationScope.Name, attributes, fmt.Sprint(s.StartTime.UnixNano()), fmt.Sprint(s.EndTime.UnixNano())})
	}
	file, err := os.Create(os.Args[3])
	if err != nil {
		panic(err)
	}
	packed := gzip.NewWriter(file)
	encoder := json.NewEncoder(packed)
	for _, it := range lines {
		if err := encoder.Encode(it); err != nil {
			panic(err)
		}
	}
	packed.Close()
	file.Close()
	fmt.Printf("%s: %d traces, %d spans\n", os.Args[3], len(lines), len(spans))
}
