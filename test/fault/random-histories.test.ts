import fc from 'fast-check';
import { useDataLayer } from '../integration/repositories/data-layer';
import { histories } from './random-histories-operations';
import { Player } from './random-histories-player';

const runs = Number(process.env['RANDOM_HISTORIES_RUNS'] ?? 200);
const seed = Number(process.env['RANDOM_HISTORIES_SEED'] ?? Date.now() % 1_000_000);

// Without this, an unexpected order of calls could change a run that is over, or miscount a flow.
describe(`${runs} random histories of flows and their runs (seed ${seed})`, () => {
  const layer = useDataLayer();

  it('match the model call by call, also with two calls at the same time', async () => {
    const { executions } = layer.repositories;
    const history = fc.asyncProperty(histories, ({ flows, steps }) =>
      new Player(executions, layer.database.session, flows).play(steps),
    );
    await fc.assert(history, { numRuns: runs, seed, endOnFailure: false });
  }, 3_600_000);
});
