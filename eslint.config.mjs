import { importX, createNodeResolver } from 'eslint-plugin-import-x';
import prettier from 'eslint-config-prettier/flat';
import tseslint from 'typescript-eslint';

/** What each folder of src may import besides itself. The README's "Layout" explains why. */
const mayImport = {
  errors: [],
  arguments: ['errors'],
  domain: ['arguments', 'errors'],
  config: ['arguments', 'errors'],
  entities: ['arguments', 'domain'],
  validation: ['arguments', 'domain', 'entities', 'errors'],
  schema: ['errors'],
  migrations: ['schema', 'errors'],
  preflight: ['schema', 'errors'],
  migrator: ['arguments', 'migrations', 'preflight', 'schema', 'errors'],
  verify: ['arguments', 'schema', 'migrator', 'errors'],
  schedule: ['arguments', 'errors'],
  repositories: ['arguments', 'config', 'entities', 'domain', 'errors', 'validation', 'schedule'],
  nestjs: ['repositories', 'config', 'migrator', 'errors', 'create-data-source.ts', 'data-source.ts'],
};

const zones = Object.entries(mayImport).map(([folder, allowed]) => ({
  target: `./src/${folder}`,
  from: './src',
  except: [folder, ...allowed].map((name) => `./${name}`),
  message: `src/${folder} may import ${allowed.join(', ') || 'nothing'} of this package`,
}));

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', 'node_modules/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs'] })],
    },
    rules: {
      'max-lines': ['error', { max: 300 }],
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
