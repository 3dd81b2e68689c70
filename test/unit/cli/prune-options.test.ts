import type { PruneOptions } from '../../../src/repositories';
import { run } from '../../../src/cli/run';
import type { Services } from '../../../src/cli/services';
import { pruneResult } from './fixed-results';
import { Written } from './terminal';

interface Ran {
  readonly exitCode: number;
  readonly stderr: string;
  /** The options that the layer below got; null if it was not called. */
  readonly asked: PruneOptions | null;
}

async function prune(...args: string[]): Promise<Ran> {
  let asked: PruneOptions | null = null;
  const services = {
    openDataSource: () => Promise.resolve({ destroy: () => Promise.resolve() }),
    prune: (_dataSource: unknown, options: PruneOptions) => {
      asked = options;
      return Promise.resolve(pruneResult);
    },
  } as unknown as Services;
  const stderr = new Written();
  const exitCode = await run({
    argv: ['prune', ...args],
    env: { DATABASE_URL: 'mysql://u@h/d' },
    cwd: '/',
    stdout: new Written(),
    stderr,
    onInterrupt: () => () => undefined,
    onCrash: () => undefined,
    onWarning: () => () => undefined,
    quit: () => undefined,
    services,
  });
  return { exitCode, stderr: stderr.text, asked };
}

/** Guards that the options reach the layer below as given, and that a typing error deletes nothing. */
describe('the options of prune', () => {
  it('are an age, a number to keep, a batch size and a dry run', async () => {
    const { exitCode, asked } = await prune(
      ...['--older-than', '36h', '--keep', '5', '--batch-size', '10000', '--dry-run'],
    );
    expect(exitCode).toBe(0);
    expect(asked).toMatchObject({
      olderThanMs: 129_600_000,
      keepPerFlow: 5,
      batchSize: 10_000,
      dryRun: true,
    });
    expect((await prune('--older-than=1m')).asked).toMatchObject({
      olderThanMs: 60_000,
      keepPerFlow: undefined,
      batchSize: 500,
      dryRun: false,
    });
  });

  it('count as they were given last', async () => {
    const twice = ['--older-than', '1w', '--older-than', '90d', '--keep', '7', '--keep', '80'];
    const { asked } = await prune(...twice, '--batch-size', '9', '--batch-size', '100');
    expect(asked).toMatchObject({ olderThanMs: 7_776_000_000, keepPerFlow: 80, batchSize: 100 });
  });

  it.each([
    [[], 'neither --older-than nor --keep is given'],
    [['--dry-run'], 'neither --older-than nor --keep is given'],
    [['--older-than'], 'argument missing'],
    [['--older-than', '0d'], '30m (minutes), 36h (hours), 90d (days) or 12w (weeks)'],
    [['--older-than', '-5d'], '30m (minutes), 36h (hours), 90d (days) or 12w (weeks)'],
    [['--older-than', '9999999d'], 'it must be at most'],
    [['--keep', '0'], 'It must be a whole number from 1 to 2147483647.'],
    [['--keep', '-1'], 'It must be a whole number from 1 to 2147483647.'],
    [['--keep', '1.5'], 'It must be a whole number from 1 to 2147483647.'],
    [['--keep', '1e3'], 'It must be a whole number from 1 to 2147483647.'],
    [['--keep', '2147483648'], 'It must be a whole number from 1 to 2147483647.'],
    [['--keep', '5', '--batch-size', '0'], 'It must be a whole number from 1 to 10000.'],
    [['--keep', '5', '--batch-size', '10001'], 'It must be a whole number from 1 to 10000.'],
  ])('%j are refused before any connection is opened', async (args, fault) => {
    const { exitCode, stderr, asked } = await prune(...args);
    expect({ exitCode, asked }).toEqual({ exitCode: 64, asked: null });
    expect(stderr).toMatch(/^USAGE: .*\nNothing was read or changed: no connection was opened\.\nFix: .*\n$/);
    expect(stderr).toContain(fault);
  });
});
