import { createRequire } from 'node:module';
import { inProject } from './project.mjs';

const require = createRequire(import.meta.url);
let isRegistered = false;

/** Loads one of the project's TypeScript files, so that a script sees with the tests' own eyes. Needs node_modules. */
export function requireTypeScript(path) {
  if (!isRegistered) {
    require('ts-node').register({ transpileOnly: true, project: inProject('tsconfig.json') });
    isRegistered = true;
  }
  return require(inProject(path));
}
