import { ProtectionFlowsError } from '../errors';

const builtIn = 100_000;
const variable = 'PROTECTION_FLOWS_COPY_LIMIT_ROWS';

/**
 * Up to how many rows a table is copied unasked, where the server can't change it otherwise: 100,000, or
 * PROTECTION_FLOWS_COPY_LIMIT_ROWS of the environment.
 *
 * @throws ProtectionFlowsError CONFIG_INVALID where the variable holds no whole number
 */
export function defaultCopyLimitRows(env: NodeJS.ProcessEnv = process.env): number {
  const text = env[variable] ?? '';
  if (text === '') return builtIn;
  const rows = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(rows)) return rows;
  throw new ProtectionFlowsError('CONFIG_INVALID', {
    message: `${variable} is '${text}', not a number of rows`,
    remedy: `Set ${variable} to a whole number such as ${builtIn}, or unset it.`,
    details: { variable, value: text },
  });
}
