import { dirname } from 'node:path';
import { ProtectionFlowsError } from '../errors';
import type { ConnectionSettings } from './connection-settings';
import { FaultList } from './option-reader';
import { findJsonFault } from './json-syntax';
import { labelIn, nestedValues } from './nested-values';
import { readText } from './read-file';
import { readSettings } from './read-settings';

/** Whether a file is there, and its settings if so. */
type FromFile = ConnectionSettings | { readonly missing: true; readonly path: string };

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
  const values = nestedValues(parse(read.text, read.path), 'file', faults);
  const given = { source: read.path, values, textual: false, baseDirectory: dirname(read.path) };
  return readSettings({ ...given, label: labelIn('file') }, faults);
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
    const { line, column, verdict, reason } = fault;
    throw new ProtectionFlowsError('CONFIG_INVALID', {
      message: `${path} ${verdict}: line ${line}, column ${column}: ${reason}`,
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
