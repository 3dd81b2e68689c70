// A zone with a half-hour offset and summer time, unlike any server's in the tests: a date that is written or read in
// the process's zone anywhere shows at once.
process.env.TZ = 'America/St_Johns';

// The oldest TypeORM that this package works with, in the place of the one that it is developed with
const olderTypeorm = {
  '^typeorm$': '<rootDir>/node_modules/typeorm-0.3',
  '^typeorm/(.*)$': '<rootDir>/node_modules/typeorm-0.3/$1',
};

/** What all tests have in common. */
const common = {
  roots: ['<rootDir>/test'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: process.env.PROTECTION_FLOWS_TEST_TYPEORM === '0.3' ? olderTypeorm : {},
  setupFiles: ['reflect-metadata'],
};

/** Tests that share a database server; those of `fault` and `e2e` run dist too. */
const withServer = (name) => ({
  ...common,
  displayName: name,
  testMatch: [`**/test/${name}/**/*.test.ts`],
  testEnvironment: '<rootDir>/test/support/engine-environment.ts',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
});

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    // Builds nothing and starts nothing
    {
      ...common,
      displayName: 'unit',
      testMatch: ['**/test/unit/**/*.test.ts', '**/test/histories/checker/*.test.ts'],
    },
    ...['integration', 'fault', 'e2e', 'models'].map(withServer),
  ],
  testTimeout: 120_000,
  testSequencer: '<rootDir>/test/support/longest-first.js',
  // More than the cores: most of a test's time is the server's
  maxWorkers: 3,
};
