import { deed, type CommandRecord } from './command-record';
import { flag, page } from './options';
import { statusOutput } from './output/status';
import { verifyOutput } from './output/verify';
import { pageWriter } from './page-file';

/** The state of a database, also as a page. */
export const statusCommand = (): CommandRecord => ({
  name: 'status',
  summary: 'show which migrations and foreign keys are there',
  description: 'Shows each migration (applied, pending, unknown) and each foreign key. Changes nothing.',
  options: [page()],
  examples: ['status', 'status --json', 'status --html status.html'],
  exits: '0 when up to date, 1 when something is pending, missing or unknown',
  deed: ({ html }) => {
    const write = pageWriter(html);
    return deed({
      run: async ({ services, database }) => {
        const status = await services.readStatus(database);
        write?.(services.statusPage(status, new Date()));
        return status;
      },
      output: statusOutput,
    });
  },
});

/** The proof, also as a page. */
export const verifyCommand = (): CommandRecord => ({
  name: 'verify',
  summary: 'prove that everything is there and behaves',
  description:
    'Compares the live schema with the declared one, then tries the constraints with rows of its own, in one ' +
    'transaction that is rolled back. Leaves no trace.',
  options: [flag('strict', 'fail on deferred foreign keys too'), page()],
  examples: ['verify', 'verify --strict', 'verify --json > proof.json', 'verify --html proof.html'],
  exits: '0 when proven, 1 when not proven',
  deed: ({ strict = false, html }) => {
    const write = pageWriter(html);
    return deed({
      run: async ({ services, database }) => {
        const report = await services.verify(database, { strict });
        write?.(services.verifyPage(report, await services.readStatus(database), new Date()));
        return report;
      },
      output: verifyOutput,
    });
  },
});
