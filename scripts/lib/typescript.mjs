import { createRequire } from 'node:module';
import { inProject } from './project.mjs';

const require = createRequire(import.meta.url);
let isRegistered = false;

/** Loads a TypeScript file of the project, so that scripts use the tests' own code. Needs node_modules. */
export function requireTypeScript(path) {
  if (!isRegistered) {
    require('ts-node').register({ transpileOnly: true, project: inProject('tsconfig.json') });
    isRegistered = true;
  }
  return require(inProject(path));
}
