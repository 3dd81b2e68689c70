import { describeOrphans } from '../../src/engine/orphans/find-orphans';

// Without it, an operator reads of "1 row … name 1 customers that do not exist".
it.each([
  [1, 1, '1 row of orders names a row of customers that does not exist'],
  [3, 1, '3 rows of orders name a row of customers that does not exist'],
  [3, 2, '3 rows of orders name 2 rows of customers that do not exist'],
])('%i rows without %i parents are described in a sentence', (rows, values, sentence) => {
  expect(describeOrphans('orders', { parentTable: 'customers' }, { rows, values })).toBe(sentence);
});
