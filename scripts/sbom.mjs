import { readFileSync } from 'node:fs';
import { bundled } from './lib/bundle.mjs';
import { Fault, runScript } from './lib/fault.mjs';
import { inProject } from './lib/project.mjs';
import { runQuietly } from './lib/run.mjs';

const readJson = (...path) => JSON.parse(readFileSync(inProject(...path), 'utf8'));

/** npm's bill of materials of the lock file, in CycloneDX's form. */
async function readBill(...args) {
  const all = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=library', '--package-lock-only', ...args];
  const { code, output } = await runQuietly('npm', all);
  if (code === 0) return JSON.parse(output);
  throw new Fault(
    `npm sbom failed:\n${output}`,
    'No bill of materials was made.',
    'Run npm ci, then this again.',
  );
}

/**
 * Prints the bill of materials of the shipped package. It lists bundled packages beside the dependencies; for npm they
 * are development dependencies.
 */
await runScript(async () => {
  const bill = await readBill('--omit=dev');
  const all = await readBill();
  const inBundle = bundled.map((part) => {
    const { version } = readJson('node_modules', part, 'package.json');
    return all.components.find((component) => component['bom-ref'] === `${part}@${version}`);
  });
  // npm uses the folder's name
  bill.metadata.component.name = readJson('package.json').name;
  bill.components.push(...inBundle);
  const refs = inBundle.map((component) => component['bom-ref']);
  const own = bill.dependencies.find(({ ref }) => ref === bill.metadata.component['bom-ref']);
  own.dependsOn.push(...refs);
  bill.dependencies.push(...all.dependencies.filter(({ ref }) => refs.includes(ref)));
  process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
});
