import { importX, createNodeResolver } from 'eslint-plugin-import-x';
import prettier from 'eslint-config-prettier/flat';
import tseslint from 'typescript-eslint';

/** The engine's rooms, from the ground up: each may import those before it. docs/engine.md says what each is. */
const engineRooms = [
  'server',
  'schema',
  'orphans',
  'steps',
  'repairs',
  'subject',
  'history',
  'preflight',
  'waiting',
  'session',
  'guards',
  'migrate',
  'adopt',
  'probe',
  'verify',
];

/** What both wings stand on. */
const ground = ['arguments', 'errors', 'tracing'];

/** What each folder of the engine may import besides itself. */
const engineMayImport = Object.fromEntries(
  engineRooms.map((room, floor) => [
    `engine/${room}`,
    [...ground, 'config', 'driver', ...engineRooms.slice(0, floor).map((below) => `engine/${below}`)],
  ]),
);

/** What each folder of src may import besides itself. CONTRIBUTING.md's code map explains why. */
const mayImport = {
  errors: [],
  tracing: [],
  arguments: ['errors'],
  config: ground,
  driver: [...ground, 'config'],
  ...engineMayImport,
  domain: ground,
  entities: ['arguments', 'domain'],
  validation: ['arguments', 'domain', 'entities', 'errors', 'statistics'],
  schedule: ground,
  statistics: [],
  migrations: ['driver', 'engine', 'errors', 'schedule', 'statistics'],
  typeorm: ['arguments', 'config', 'driver', 'engine', 'entities', 'errors', 'migrations', 'validation'],
  repositories: [
    'arguments',
    'driver',
    'entities',
    'domain',
    'errors',
    'validation',
    'schedule',
    'statistics',
    'tracing',
  ],
  worker: ['arguments', 'domain', 'errors', 'repositories'],
  metrics: ['arguments', 'driver', 'engine', 'entities', 'repositories', 'schedule', 'statistics', 'typeorm'],
  dashboard: [
    'arguments',
    'engine',
    'entities',
    'errors',
    'metrics',
    'repositories',
    'schedule',
    'statistics',
    'typeorm',
  ],
  nestjs: [
    'arguments',
    'repositories',
    'config',
    'engine',
    'typeorm',
    'errors',
    'validation',
    'worker',
    'data-source.ts',
  ],
};

const zones = Object.entries(mayImport).map(([folder, allowed]) => ({
  target: `./src/${folder}`,
  from: './src',
  except: [folder, ...allowed].map((name) => `./${name}`),
  message: `src/${folder} may import ${allowed.join(', ') || 'nothing'} of this package`,
}));

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', '**/node_modules/', 'bench/peers/generated/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs'] })],
    },
    rules: {
      'max-lines': ['error', { max: 300 }],
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            ...zones,
            {
              target: [
                './src/*.ts',
                './src/!(testing|cli)/**/*',
                './src/cli/!(demo*)',
                './src/cli/!(demo)/**/*',
              ],
              from: './src/testing',
              message: 'only the demo may use src/testing',
            },
          ],
        },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      eqeqeq: ['error', 'always'],
      'no-console': 'off',
    },
  },
  { files: ['**/*.js', '**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  prettier,
);
