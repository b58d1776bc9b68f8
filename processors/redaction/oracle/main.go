// The Collector's own redaction processor, to compare with: reads lines of JSON with a configuration, a
// signal and an Export request in hex; writes for each the request that comes out, in hex, or "error"
// where the configuration is refused.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/redactionprocessor"
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
		answer, err := redact(asked, batch)
		if err != nil {
			fmt.Fprintln(out, "error")
			continue
		}
		fmt.Fprintln(out, hex.EncodeToString(answer))
	}
	must(in.Err())
}

func redact(asked question, batch []byte) ([]byte, error) {
	factory := redactionprocessor.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(asked.Config).Unmarshal(config); err != nil {
		return nil, err
	}
	if err := confmap.Validate(config); err != nil {
		return nil, err
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
	var answer []byte
	switch asked.Signal {
	case "traces":
		next, _ := consumer.NewTraces(func(_ context.Context, data ptrace.Traces) (err error) {
			answer, err = (&ptrace.ProtoMarshaler{}).MarshalTraces(data)
			return err
		})
		redactor, err := factory.CreateTraces(ctx, settings, config, next)
		if err != nil {
			return nil, err
		}
		data, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(batch)
		must(err)
		must(redactor.ConsumeTraces(ctx, data))
	case "metrics":
		next, _ := consumer.NewMetrics(func(_ context.Context, data pmetric.Metrics) (err error) {
			answer, err = (&pmetric.ProtoMarshaler{}).MarshalMetrics(data)
			return err
		})
		redactor, err := factory.CreateMetrics(ctx, settings, config, next)
		if err != nil {
			return nil, err
		}
		data, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(batch)
		must(err)
		must(redactor.ConsumeMetrics(ctx, data))
	default:
		next, _ := consumer.NewLogs(func(_ context.Context, data plog.Logs) (err error) {
			answer, err = (&plog.ProtoMarshaler{}).MarshalLogs(data)
			return err
		})
		redactor, err := factory.CreateLogs(ctx, settings, config, next)
		if err != nil {
			return nil, err
		}
		data, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(batch)
		must(err)
		must(redactor.ConsumeLogs(ctx, data))
	}
	return answer, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
