import type { Access } from '../access/read-access';
import type { Facts } from '../facts';
import type { Rule } from '../finding';

/** The account's limit that is reached, as ALTER USER takes it; undefined where it is another's. */
const options: Readonly<Record<string, string>> = {
  max_user_connections: 'MAX_USER_CONNECTIONS',
  max_connections_per_hour: 'MAX_CONNECTIONS_PER_HOUR',
};

function remedyFor({ lockTable: { refusal } }: Facts, access: Access): string {
  const resource = (refusal?.details as { resource?: string } | undefined)?.resource;
  const option = resource === undefined ? undefined : options[resource];
  if (option === undefined) return `-- ${refusal?.remedy ?? ''}`;
  return `-- It counts for connections made from then on; 0 is no limit.\nALTER USER ${access.user} WITH ${option} 0;`;
}

/**
 * The server gives the user one connection and no more. On a single server a migrate does without the second; in a
 * cluster its lock needs it.
 */
export const connectionRefused: Rule = (facts) => {
  const { lockTable, access } = facts;
  const { refusal, isNeeded } = lockTable;
  if (refusal === null || access === null) return [];
  const consequence = isNeeded
    ? 'in a cluster the lock of a migrate takes one'
    : 'migrate does without, and a statement that waits for a table holds it up for a second at a time';
  return [
    {
      code: refusal.code,
      effect: isNeeded ? 'blocking' : 'mended',
      table: null,
      key: null,
      message: `no second connection is to be had (${refusal.message}): ${consequence}`,
      remedy: remedyFor(facts, access),
      details: { ...refusal.details },
    },
  ];
};
