import { join } from 'node:path';
import { packageFolder, runProgram } from '../../support/run-program';
import { useDataLayer } from '../repositories/data-layer';
import { useWorkers } from './workers';

const layer = useDataLayer({ per: 'all' });
const workers = useWorkers(layer);

/** Guards that a careless run or listener neither ends the process, which has other runs, nor keeps it alive. */
it('a careless run and careless listeners neither end their process nor keep it alive', async () => {
  await workers.queued(2);
  const register = join(packageFolder, 'test', 'support', 'register-swc.js');
  const program = join('test', 'fixtures', 'program-that-is-careless.ts');
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, ['-r', register, program], {
    env: { DATABASE_URL: layer.database.url },
  });
  const first = ['began', 'VALIDATION_FAILED', 'cancelled'];
  const seen = [...first, 'began', 'success', 'CONNECTION_REFUSED', 'The run is over'];
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: `${JSON.stringify(seen)}\n`,
  });
  const warnings = [...stderr.matchAll(/Warning: (A listener .*)/g)].map(([, text]) => text).sort();
  expect(warnings).toEqual([
    ...Array<string>(2).fill("A listener of a worker's event began threw: It threw a value without text"),
    ...Array<string>(2).fill("A listener of a worker's event began threw: password=***"),
    "A listener of a worker's event stopping threw: It threw a value without text",
  ]);
});
