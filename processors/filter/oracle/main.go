// The Collector's own filter processor, to compare with: reads lines of JSON with a configuration, a
// signal and an Export request in hex; writes for each the request that comes out, in hex, or "dropped",
// "failed" where the batch is refused, "refused" where the configuration is.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

type question struct {
	Config map[string]any `json:"config"`
	Signal string         `json:"signal"`
	Batch  string         `json:"batch"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var asked question
		must(json.Unmarshal(in.Bytes(), &asked))
		batch, err := hex.DecodeString(asked.Batch)
		must(err)
		fmt.Fprintln(out, filter(asked, batch))
	}
	must(in.Err())
}

func filter(asked question, batch []byte) string {
	factory := filterprocessor.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(asked.Config).Unmarshal(config); err != nil {
		return "refused"
	}
	if err := confmap.Validate(config); err != nil {
		return "refused"
	}
	settings := processor.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger:         zap.NewNop(),
			MeterProvider:  metricnoop.NewMeterProvider(),
			TracerProvider: tracenoop.NewTracerProvider(),
			Resource:       pcommon.NewResource(),
		},
	}
	ctx := context.Background()
	answer := "dropped"
	var err error
	switch asked.Signal {
	case "traces":
		next, _ := consumer.NewTraces(func(_ context.Context, data ptrace.Traces) error {
			out, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(data)
			answer = hex.EncodeToString(out)
			return err
		})
		made, refused := factory.CreateTraces(ctx, settings, config, next)
		if refused != nil {
			return "refused"
		}
		data, bad := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(batch)
		must(bad)
		err = made.ConsumeTraces(ctx, data)
	case "metrics":
		next, _ := consumer.NewMetrics(func(_ context.Context, data pmetric.Metrics) error {
			out, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(data)
			answer = hex.EncodeToString(out)
			return err
		})
		made, refused := factory.CreateMetrics(ctx, settings, config, next)
		if refused != nil {
			return "refused"
		}
		data, bad := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(batch)
		must(bad)
		err = made.ConsumeMetrics(ctx, data)
	default:
		next, _ := consumer.NewLogs(func(_ context.Context, data plog.Logs) error {
			out, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
			answer = hex.EncodeToString(out)
			return err
		})
		made, refused := factory.CreateLogs(ctx, settings, config, next)
		if refused != nil {
			return "refused"
		}
		data, bad := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(batch)
		must(bad)
		err = made.ConsumeLogs(ctx, data)
	}
	if err != nil {
		return "failed"
	}
	return answer
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
