const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that take half a minute or more, the longest first. */
const longest = [
  'fault/kill-points/',
  'fault/key-race',
  'fault/galera/kill-points',
  'fault/clusters/',
  'fault/races/',
  'e2e/typeorm-cli/typeorm-cli',
  'integration/adopt/starts',
  'integration/repositories/ledger',
  'integration/verify/damaged-',
  'e2e/examples/web-page-browser',
  'e2e/nestjs/nestjs-12',
  'integration/migrator/waiting-session',
  'integration/migrator/lock',
  'integration/preflight/privileges',
  'integration/verify/check-schema',
  'e2e/cli/prune',
  'fault/simulated-year',
];

const rankOf = ({ path }) => {
  const rank = longest.findIndex((name) => path.includes(`test/${name}`));
  return rank < 0 ? longest.length : rank;
};

/** Runs the longest suites first. jest orders new files by size, and could run one of these alone at the end. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((one, other) => rankOf(one) - rankOf(other));
  }
};
