import { anomalyNames, checkHistory, countAnomalies, readOperations } from './index';
import { bad, good, historyOf, rules } from './examples';

// Without this, the checker could miss a fault, or report one in a correct history.
describe('the checker', () => {
  it.each(anomalyNames)('finds %s in a history, and no other anomaly', (name) => {
    expect(Object.keys(countAnomalies(checkHistory(bad[name], rules)))).toEqual([name]);
  });

  it.each(Object.entries(good))('finds no anomaly in %s', (_, history) => {
    expect(checkHistory(history, rules)).toEqual([]);
  });

  it('finds no anomaly in a recording whose processes were killed in the middle of a call and of a line', () => {
    const lines = [
      '{"id":"1","at":1,"process":"a","call":"put","steps":[{"append":"x","value":"v"}]}',
      '{"id":"2","at":2,"process":"b","call":"get"}',
      '{"id":"2","at":4,"outcome":"ok","steps":[{"read":"x","values":["v"]}]}',
      '{"id":"3","at":5,"process":"b","call":"put","steps":[{"append":"x","value":"w"}]}',
      '{"id":"3","at":6,"outcome":"failed"}',
      '{"id":"4","at":7,"proc',
    ];
    const history = readOperations(lines);
    expect(history.map(({ call, begin, end, outcome }) => [call, begin, end, outcome])).toEqual([
      ['put', 1, Infinity, 'unknown'],
      ['get', 2, 4, 'ok'],
      ['put', 5, 6, 'failed'],
    ]);
    expect(checkHistory(history, rules)).toEqual([]);
  });

  it('finds a cycle of many operations in a history that is longer than the call stack allows', () => {
    const length = 20_000;
    const history = Array.from({ length }, (_, n) => ({
      at: [0, 100] as const,
      steps: [
        { append: `x${n}`, value: 'v' },
        { read: `x${(n + 1) % length}`, values: ['v'] },
      ],
    }));
    expect(
      checkHistory(historyOf(...history), rules).map(({ name, operations }) => [name, operations.length]),
    ).toEqual([['G1c', length]]);
  });
});
