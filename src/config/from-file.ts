import { dirname } from 'node:path';
import { ProtectionFlowsError } from '../errors';
import type { ConnectionSettings } from './connection-settings';
import { FaultList } from './faults';
import { findJsonFault } from './json-syntax';
import { readText } from './read-file';
import { optionNames, readSettings, unknownOption, type OptionName } from './read-settings';

/** Options of TypeORM that would empty or rebuild the database. `false` is what happens anyway. */
const refused: Readonly<Record<string, string>> = {
  synchronize:
    "true is refused: it would rebuild the platform's tables; protection-flows migrate makes the schema",
  dropSchema: "true is refused: it would drop the platform's tables",
};

const fixed = 'is set by this package; leave it out';

/** Options of TypeORM that are known and have no place here, with the reason. */
const misplaced: Readonly<Record<string, string>> = {
  url: 'has no place in the file; set the environment variable DATABASE_URL, or give host, username, …',
  name: 'has no place here: there is one connection',
  replication: 'has no place here; give hosts and replicas',
  extra: 'has no place here; the options above it are all there are',
  ...Object.fromEntries(
    [
      'entities',
      'migrations',
      'subscribers',
      'migrationsTableName',
      'migrationsTransactionMode',
      'metadataTableName',
      'entityPrefix',
      'namingStrategy',
      'charset',
      'timezone',
      'driver',
      'multipleStatements',
      'supportBigNumbers',
      'bigNumberStrings',
      'dateStrings',
      'cli',
    ].map((name) => [name, fixed]),
  ),
};

/** Whether a file is there, and its settings if so. */
export type FromFile = ConnectionSettings | { readonly missing: true; readonly path: string };

/**
 * Reads the settings out of a JSON file. A file that does not exist is an answer, not an error: only the caller
 * knows whether it has to be there. Files that it names are relative to its folder.
 */
export function settingsFromFile(file: string, cwd: string): FromFile {
  const read = readText(file, cwd);
  if (!('text' in read)) {
    if (read.missing) return { missing: true, path: read.path };
    throw unreadable(read.path, read.reason, read.cause);
  }
  const faults = new FaultList(read.path, 'Correct the file; ormconfig.example.json shows every option.');
  const values = checkedNames(parse(read.text, read.path), faults);
  const source = { source: read.path, values, textual: false, baseDirectory: dirname(read.path) };
  return readSettings({ ...source, label: (option) => option }, faults);
}

/** The error for a configuration file that cannot be read. */
export function unreadable(path: string, reason: string, cause?: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('CONFIG_UNREADABLE', {
    message: `the configuration file ${path} cannot be read: ${reason}`,
    remedy:
      'Correct the path, or make the file readable for this user; ormconfig.example.json shows its form.',
    details: { path },
    cause,
  });
}

function parse(text: string, path: string): Record<string, unknown> {
  const fault = findJsonFault(text);
  if (fault !== null) {
    const { line, column, reason } = fault;
    throw new ProtectionFlowsError('CONFIG_INVALID', {
      message: `${path} is not JSON: line ${line}, column ${column}: ${reason}`,
      remedy: `Correct line ${line}; ormconfig.example.json shows the form.`,
      details: { source: path, faults: [{ option: null, kind: 'invalid', message: reason, line, column }] },
    });
  }
  const content: unknown = JSON.parse(text);
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return content as Record<string, unknown>;
  }
  throw new ProtectionFlowsError('CONFIG_INVALID', {
    message: `${path} holds ${Array.isArray(content) ? 'a list' : 'a single value'} where one JSON object is wanted`,
    remedy: 'Write { "host": …, "username": …, "database": … }; ormconfig.example.json shows the form.',
    details: { source: path, faults: [] },
  });
}

function checkedNames(
  content: Record<string, unknown>,
  faults: FaultList,
): Partial<Record<OptionName, unknown>> {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const [name, value] of Object.entries(content)) {
    if ((optionNames as readonly string[]).includes(name)) values[name as OptionName] = value;
    else if (Object.hasOwn(refused, name)) {
      if (value === true) faults.add('refused', name, refused[name] ?? '');
      else if (value !== false && value !== null) faults.add('invalid', name, 'may only be false');
    } else if (Object.hasOwn(misplaced, name)) faults.add('unknown', name, misplaced[name] ?? '');
    else faults.add('unknown', name, unknownOption(name, optionNames));
  }
  return values;
}
