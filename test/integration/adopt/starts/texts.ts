import { plain } from '../platform-ddl';
import type { Start } from '../start';

const both = (text: string) => plain({ text }, { text });

/** In the charsets and collations that servers and databases give by default. */
export const textStarts: Record<string, Start> = {
  'in general_ci': { sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci') },
  'in general_ci on a platform in general_ci': {
    platform: 'general_ci',
    sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci'),
    nulls: true,
  },
  'in latin1': { platform: 'latin1', sql: both('DEFAULT CHARSET=latin1'), nulls: true },
  "in the database's default": { platform: 'general_ci', sql: both('') },
  'in utf8mb3': { sql: both('DEFAULT CHARSET=utf8mb3') },
  'in utf8mb4_bin': { sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin') },
  "in MySQL's default": { sql: both('DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci'), only: 'mysql' },
  'each table in another': {
    sql: [
      ...plain(
        { text: 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci' },
        { columns: { flow_id: 'VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL' } },
      ),
    ],
  },
};
