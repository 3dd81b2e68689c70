import { peerOptions, peerParts } from '../../../bench/peers/options';

// Guards that wrong options are refused before anything is installed or measured, with all faults at once.
describe('the options of bench:peers', () => {
  test('default to those of the goals', () => {
    expect(peerOptions([])).toEqual({
      servers: [{ flavour: 'mariadb', version: '10.11' }],
      rows: 300_000,
      keyRows: 1_000_000,
      rounds: 100,
      parts: new Set(peerParts),
    });
  });

  test('are read from the command line', () => {
    const given = [
      '--server',
      'mariadb,mysql-9.7',
      '--rows=30_000',
      '--rounds',
      '9',
      '--only',
      'cli, operations',
    ];
    expect(peerOptions(given)).toMatchObject({
      servers: [{ flavour: 'mariadb' }, { flavour: 'mysql', version: '9.7' }],
      rows: 30_000,
      rounds: 9,
      parts: new Set(['operations', 'cli']),
    });
  });

  test('are ignored with --help', () => expect(peerOptions(['--help', '--rows', 'many'])).toBeNull());

  test.each([
    [['--server', 'postgres'], /--server: not mariadb-… or mysql-…: postgres/],
    [['--rows', '0'], /--rows: not a whole number above 0: 0/],
    [['--key-rows', 'x'], /--key-rows: not a whole number above 0: x/],
    [['--rounds', '1.5'], /--rounds: not a whole number above 0: 1.5/],
    [['--only', 'reads,cli'], /--only: no parts: reads; there are operations, memory/],
    [['--rows', '0', '--only', 'x', '--server', 'x'], /--server: .*\n--rows: .*\n--only: /],
    [['--row', '5'], /Unknown option '--row'/],
    [['reads'], /Unexpected argument 'reads'/],
  ])('%j is refused', (args, says) => expect(() => peerOptions(args)).toThrow(says));
});
