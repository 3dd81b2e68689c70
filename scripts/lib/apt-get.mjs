import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from './project.mjs';
import { runQuietly } from './run.mjs';

const attempts = 3;
const pauseMs = 3_000;
const patience = ['-o', 'DPkg::Lock::Timeout=60', '-o', 'Acquire::Retries=3'];

/** For apt's programs: no questions, and English output. */
export const aptEnv = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

/**
 * Runs `apt-get` after `apt-get update`, up to three times. A failed update does not matter if the command succeeds:
 * the source may not be needed. Resolves to the command's last exit code and output.
 */
export async function updateAndRun(args, { options = [], cwd = projectRoot } = {}) {
  const aptGet = (...words) => runQuietly('apt-get', [...patience, ...options, ...words], aptEnv, cwd);
  for (let attempt = 1; ; attempt += 1) {
    await aptGet('update');
    const end = await aptGet(...args);
    if (end.code === 0 || attempt === attempts) return end;
    await delay(pauseMs);
  }
}

/** The arguments that install packages, and nothing that they merely recommend. */
export const installing = (...packages) => ['install', '-y', '--no-install-recommends', ...packages];
