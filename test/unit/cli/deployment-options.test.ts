import { schemaFit } from './fixed-deployment';
import { ran } from './ran';

// Without these, a script waits for another time than it says.
describe('wait', () => {
  it.each([
    ['wait', 60_000],
    ['wait --timeout 500ms', 500],
    ['wait --timeout=5m', 300_000],
    ['wait --timeout 24h', 86_400_000],
  ])('%s opens nothing itself, and waits for that many milliseconds: %i', async (line, timeoutMs) => {
    const result = await ran(`${line} --json`);
    expect(result).toMatchObject({ exitCode: 1, calls: [`wait {"timeoutMs":${timeoutMs}}`] });
    expect(result.json()).toEqual({ ...schemaFit, waitedMs: 5 });
  });

  it.each(['0s', '25h', '90000s', '1d', '5', 'ms', '-1s', '1.5h', '1H', '5 m', '5constructor'])(
    'refuses a time to wait of %s',
    async (time) => {
      expect(await ran(`wait --timeout=${time}`)).toMatchObject({ exitCode: 64, calls: [] });
    },
  );
});
