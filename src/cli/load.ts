/* eslint-disable @typescript-eslint/no-require-imports -- import() would make ES modules' rules apply to the paths */
import type { CommandLine } from './command-line';

/** The parts that take time to load. TypeORM and mysql2 alone take longer than everything else together. */
export const load: CommandLine['load'] = {
  services: () => (require('./database-services') as typeof import('./database-services')).databaseServices,
  text: () => require('./output/text') as typeof import('./output/text'),
  markdown: () => require('./output/markdown') as typeof import('./output/markdown'),
  demo: () => require('./demo') as typeof import('./demo'),
};
