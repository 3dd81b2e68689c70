import { readdirSync, readFileSync } from 'node:fs';

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended, or this system has no /proc
    return '';
  }
};

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** The process of the server that listens on a port; null if the system does not tell. */
function serverOn(port: string): string | null {
  const isServer = (id: string): boolean => {
    const words = textOf(`/proc/${id}/cmdline`).split('\0');
    return /(mariadbd|mysqld)$/.test(words[0] ?? '') && words.includes(`--port=${port}`);
  };
  return namesIn('/proc').find((name) => /^\d+$/.test(name) && isServer(name)) ?? null;
}

/**
 * A clock of processor time: it runs while the server or this process works, and stops while they wait or other processes
 * use the processor. So it shows about the duration on a machine without other work.
 *
 * @returns milliseconds; NaN if the system does not tell
 */
export function workClock(url: string): () => number {
  const folder = `/proc/${serverOn(new URL(url).port) ?? 'none'}/task`;
  return () => {
    const threads = namesIn(folder);
    const ofServer = threads.map((id) => Number(textOf(`${folder}/${id}/schedstat`).split(' ')[0]) / 1e6);
    const { user, system } = process.cpuUsage();
    const all = ofServer.reduce((sum, time) => sum + time, 0);
    return threads.length === 0 ? NaN : all + (user + system) / 1000;
  };
}
