export { createWorker, type Worker, type WorkerEvents } from './worker';
export type { WorkerOptions } from './options';
export type { RunEnd, RunFlow, RunResult, WorkerRun } from './contract';
