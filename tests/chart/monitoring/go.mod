// The Prometheus Operator, whose definitions of ServiceMonitor, PodMonitor and PrometheusRule the chart is tested with. Nothing is
// built from it.
module codeartifact-operator.dev/tests/chart/monitoring

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
