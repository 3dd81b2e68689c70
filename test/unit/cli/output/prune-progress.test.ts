import { pruneProgress } from '../../../../src/cli/output/retention';

/** Guards that hours of a prune neither fill a log nor look like a program that hangs. */
describe('the progress of prune', () => {
  /** The progress lines when every batch takes the given time. */
  function toldOf(batches: number, batchMs: number, isTerminal: boolean, dryRun = false): string[] {
    const told: string[] = [];
    let nowMs = 1_000_000;
    const onProgress = pruneProgress(({ step }) => told.push(step), {
      isTerminal,
      dryRun,
      nowMs: () => nowMs,
    });
    for (let batch = 1; batch <= batches; batch += 1) {
      onProgress({ flows: batch * 12, totalFlows: 10_000, deleted: batch * 500 });
      nowMs += batchMs;
    }
    return told;
  }

  it('says how many rows are done', () => {
    expect(toldOf(100, 3_000, false).at(-1)).toBe(
      'pruning: 1,200 of 10,000 flows, 50,000 executions deleted',
    );
    expect(toldOf(1, 1, true, true)).toEqual(['pruning: 12 of 10,000 flows, 500 executions to delete']);
  });

  it('is printed at once, then at most five times a second on a terminal', () => {
    const told = toldOf(1_000, 10, true);
    expect(told[0]).toContain(': 12 of');
    expect(told).toHaveLength(50);
  });

  it('is a line every three seconds if it cannot be rewritten', () => {
    const told = toldOf(3_000, 10, false);
    expect(told[0]).toContain(': 12 of');
    expect(told).toHaveLength(10);
  });

  it('is printed after every batch if batches are slow', () => {
    expect(toldOf(5, 4_000, false)).toHaveLength(5);
  });
});
