import { posix } from 'node:path';
import { runProgram } from '../../support/run-program';
import { anchorsOf, linksOf } from '../../unit/docs/links';

/** Guards that the links of the documents work in the folder where npm installs the package. */
describe('the links of the packed documents', () => {
  it('point to files and headings in the package', async () => {
    const { stdout } = await runProgram('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const packed = files.map(({ path }) => path);
    const documents = packed.filter((path) => path.endsWith('.md'));
    expect(documents.length).toBeGreaterThan(10);

    const links = documents.flatMap((from) =>
      linksOf(from)
        .filter((to) => !/^[a-z]+:/.test(to)) // Not on another site
        .map((to) => ({ from, to })),
    );
    expect(links.length).toBeGreaterThan(100);
    const dead = links.filter(({ from, to }) => {
      const [file = '', anchor] = to.split('#');
      const target = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file));
      const isThere = packed.some(
        (path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`),
      );
      return !isThere || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(dead).toEqual([]);
  });
});
