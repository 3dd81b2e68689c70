export { runDemo, type DemoResult } from './run-demo';
