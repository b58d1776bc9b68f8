// The Collector's own OTTL, to compare with: reads lines of JSON with a context, a condition and an
// Export request in hex; writes for each a letter per item of that context, in order (T holds, F does
// not, E cannot be evaluated), or "refused" where the condition does not compile.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottldatapoint"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlmetric"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlresource"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlscope"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspanevent"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

type question struct {
	Context   string `json:"context"`
	Condition string `json:"condition"`
	Batch     string `json:"batch"`
}

var settings = component.TelemetrySettings{Logger: zap.NewNop()}

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
		answer, err := evaluate(asked, batch)
		if err != nil {
			answer = "refused"
		}
		fmt.Fprintln(out, answer)
	}
	must(in.Err())
}

// answers collects a letter for each evaluation.
func letter[K any](condition *ottl.Condition[K], item K) string {
	holds, err := condition.Eval(context.Background(), item)
	switch {
	case err != nil:
		return "E"
	case holds:
		return "T"
	default:
		return "F"
	}
}

func compile[K any](parser ottl.Parser[K], err error, text string) (*ottl.Condition[K], error) {
	must(err)
	return parser.ParseCondition(text)
}

func evaluate(asked question, batch []byte) (string, error) {
	switch asked.Context {
	case "log":
		return logs(asked.Condition, batch)
	case "metric", "datapoint":
		return metrics(asked, batch)
	default:
		return traces(asked, batch)
	}
}

func logs(text string, batch []byte) (string, error) {
	data, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(batch)
	must(err)
	parser, err := ottllog.NewParser(ottlfuncs.StandardConverters[*ottllog.TransformContext](), settings)
	condition, err := compile(parser, err, text)
	if err != nil {
		return "", err
	}
	var letters strings.Builder
	for _, resource := range data.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				letters.WriteString(letter(condition, ottllog.NewTransformContext(resource, scope, record)))
			}
		}
	}
	return letters.String(), nil
}

func metrics(asked question, batch []byte) (string, error) {
	data, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(batch)
	must(err)
	var onMetric *ottl.Condition[*ottlmetric.TransformContext]
	var onPoint *ottl.Condition[*ottldatapoint.TransformContext]
	if asked.Context == "metric" {
		parser, parserErr := ottlmetric.NewParser(ottlfuncs.StandardConverters[*ottlmetric.TransformContext](), settings)
		onMetric, err = compile(parser, parserErr, asked.Condition)
	} else {
		parser, parserErr := ottldatapoint.NewParser(ottlfuncs.StandardConverters[*ottldatapoint.TransformContext](), settings)
		onPoint, err = compile(parser, parserErr, asked.Condition)
	}
	if err != nil {
		return "", err
	}
	var letters strings.Builder
	for _, resource := range data.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				if onMetric != nil {
					letters.WriteString(letter(onMetric, ottlmetric.NewTransformContext(resource, scope, metric)))
					continue
				}
				for _, point := range points(metric) {
					letters.WriteString(letter(onPoint, ottldatapoint.NewTransformContext(resource, scope, metric, point)))
				}
			}
		}
	}
	return letters.String(), nil
}

func points(metric pmetric.Metric) (points []any) {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		for _, point := range metric.Gauge().DataPoints().All() {
			points = append(points, point)
		}
	case pmetric.MetricTypeSum:
		for _, point := range metric.Sum().DataPoints().All() {
			points = append(points, point)
		}
	case pmetric.MetricTypeHistogram:
		for _, point := range metric.Histogram().DataPoints().All() {
			points = append(points, point)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, point := range metric.ExponentialHistogram().DataPoints().All() {
			points = append(points, point)
		}
	case pmetric.MetricTypeSummary:
		for _, point := range metric.Summary().DataPoints().All() {
			points = append(points, point)
		}
	}
	return points
}

func traces(asked question, batch []byte) (string, error) {
	data, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(batch)
	must(err)
	var letters strings.Builder
	switch asked.Context {
	case "resource":
		parser, err := ottlresource.NewParser(ottlfuncs.StandardConverters[*ottlresource.TransformContext](), settings)
		condition, err := compile(parser, err, asked.Condition)
		if err != nil {
			return "", err
		}
		for _, resource := range data.ResourceSpans().All() {
			letters.WriteString(letter(condition, ottlresource.NewTransformContext(resource.Resource(), resource)))
		}
	case "scope":
		parser, err := ottlscope.NewParser(ottlfuncs.StandardConverters[*ottlscope.TransformContext](), settings)
		condition, err := compile(parser, err, asked.Condition)
		if err != nil {
			return "", err
		}
		for _, resource := range data.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				item := ottlscope.NewTransformContext(scope.Scope(), resource.Resource(), scope, resource)
				letters.WriteString(letter(condition, item))
			}
		}
	case "span":
		functions := ottlfuncs.StandardConverters[*ottlspan.TransformContext]()
		root := ottlfuncs.NewIsRootSpanFactory()
		functions[root.Name()] = root
		parser, err := ottlspan.NewParser(functions, settings)
		condition, err := compile(parser, err, asked.Condition)
		if err != nil {
			return "", err
		}
		eachSpan(data, func(resource ptrace.ResourceSpans, scope ptrace.ScopeSpans, span ptrace.Span) {
			letters.WriteString(letter(condition, ottlspan.NewTransformContext(resource, scope, span)))
		})
	case "spanevent":
		parser, err := ottlspanevent.NewParser(ottlfuncs.StandardConverters[*ottlspanevent.TransformContext](), settings)
		condition, err := compile(parser, err, asked.Condition)
		if err != nil {
			return "", err
		}
		eachSpan(data, func(resource ptrace.ResourceSpans, scope ptrace.ScopeSpans, span ptrace.Span) {
			for _, event := range span.Events().All() {
				item := ottlspanevent.NewTransformContext(resource, scope, span, event)
				letters.WriteString(letter(condition, item))
			}
		})
	}
	return letters.String(), nil
}

func eachSpan(data ptrace.Traces, visit func(ptrace.ResourceSpans, ptrace.ScopeSpans, ptrace.Span)) {
	for _, resource := range data.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				visit(resource, scope, span)
			}
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
