export { metrics, type Metrics, type MetricsOptions, type SchemaMetrics } from './metrics';
export { prometheusContentType, prometheusText } from './prometheus-text';
export type { AllFlowsMetrics, FlowMetrics } from './read-flows';
