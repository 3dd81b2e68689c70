import { plain } from '../platform-ddl';
import type { Start } from '../start';

const both = (text: string) => plain({ text }, { text });

/** Tables in the default charsets and collations of servers and databases. */
export const textStarts: Record<string, Start> = {
  'in general_ci': { sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci') },
  'in general_ci on a platform in general_ci': {
    platform: 'general_ci',
    sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci'),
    nulls: true,
  },
  'in latin1': { platform: 'latin1', sql: both('DEFAULT CHARSET=latin1'), nulls: true },
  'in the default collation of the database': { platform: 'general_ci', sql: both('') },
  'in utf8mb3': { sql: both('DEFAULT CHARSET=utf8mb3') },
  'in utf8mb4_bin': { sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin') },
  'in the default collation of MySQL': {
    sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci'),
    only: 'mysql',
  },
  'with another collation in each table': {
    sql: [
      ...plain(
        { text: 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci' },
        { columns: { flow_id: 'VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL' } },
      ),
    ],
  },
};
