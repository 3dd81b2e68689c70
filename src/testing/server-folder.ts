import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socketPathLimit } from './server-arguments';

/** Makes the temporary folder of one server, where its socket's path is short enough. */
export async function createServerFolder(): Promise<string> {
  const fits = join(tmpdir(), 'pflows-XXXXXX', 'sock').length <= socketPathLimit;
  return mkdtemp(join(fits ? tmpdir() : '/tmp', 'pflows-'));
}
