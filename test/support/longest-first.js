const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that take half a minute and more, the longest first. */
const longest = [
  'fault/kill-points/',
  'fault/key-race',
  'e2e/typeorm-cli/typeorm-cli',
  'integration/adopt/starts',
  'integration/migrations/generate.test',
  'e2e/nestjs/nestjs-12',
  'integration/verify/damaged-columns',
  'fault/random-histories',
  'fault/hub-histories',
  'e2e/cli/prune',
  'integration/verify/false-alarms',
  'integration/preflight/privileges',
];

const rankOf = ({ path }) => {
  const rank = longest.findIndex((name) => path.includes(`test/${name}`));
  return rank < 0 ? longest.length : rank;
};

/** Begins with the longest: jest goes by the size of files that it has not run before, and would end with one of these alone. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((one, other) => rankOf(one) - rankOf(other));
  }
};
