import { hostname } from 'node:os';

/** Who runs here, for the history and for those that wait: such as `pid 4711 on app-3`. A backslash is a slash. */
export function thisProcess(): string {
  return `pid ${process.pid} on ${hostname().replaceAll('\\', '/').slice(0, 200)}`;
}
