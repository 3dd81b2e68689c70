export { messageOf } from './run';
export { createWorker, type Worker, type WorkerEvents } from './worker';
export type { RunEnd, RunFlow, RunResult, WorkerOptions, WorkerRun } from './options';
