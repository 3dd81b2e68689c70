import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';

/** The folder of package.json. */
export const projectRoot = resolve(fileURLToPath(import.meta.url), '..', '..', '..');

/** A path inside the project. */
export const inProject = (...parts) => join(projectRoot, ...parts);
